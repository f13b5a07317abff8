"""Words for PKIs."""

from __future__ import annotations

from cpx_tool.model.identity import Pki
from cpx_tool.model.message import msg

PKIS = {
    Pki.IGC_SANTE_TEST: msg("IGC-Santé TEST"),
    Pki.IGC_SANTE: msg("IGC-Santé (production)"),
    Pki.IGC_SANTE_RECETTE: msg("RECETTE clone of the IGC-Santé TEST"),
    Pki.IGC_CPS_TEST: msg("IGC-CPS 2ter TEST"),
    Pki.IGC_CPS: msg("IGC-CPS 2ter (production)"),
    Pki.EMULATED: msg("emulated by cpx-tool, not of the ANS"),
    Pki.NOT_KNOWN: msg("not known"),
}
