"""Examples that end the help of each command; a test sees that each one can be parsed."""

from __future__ import annotations

from collections.abc import Mapping

_SET = "cpx-tool check-set --set centre-sante"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": (
        "cpx-tool doctor --fix-hints",
        _SET,
        "cpx-tool explain PIN-ALLOWED",
    ),
    "blame": ("cpx-tool blame poste.json --set centre-sante",),
    "check-p12": (
        "cpx-tool check-p12 insi-auto.p12 insi-manu.p12",
        "cpx-tool check-p12 sign.p12 --for any --json",
    ),
    "check-set": (
        f"{_SET} --save-observation poste.json",
        f"{_SET} --non-interactive --login --json",
    ),
    "compare": ("cpx-tool compare poste-1.json poste-2.json --set centre-sante",),
    "completion": (
        "cpx-tool completion bash > ~/.local/share/bash-completion/completions/cpx-tool",
    ),
    "csr": ("cpx-tool csr --cn INSI-AUTO --structure 10B0152872 --organisation Clinique",),
    "doctor": ("cpx-tool doctor --fix-hints",),
    "emulate": (
        "cpx-tool emulate --set centre-sante --into .demo/good",
        "cpx-tool emulate --set centre-sante --into .demo/bad --defect expired",
    ),
    "virtual-cards": (
        "cpx-tool virtual-cards start --set centre-sante",
        "cpx-tool virtual-cards insert all",
    ),
    "virtual-cards insert": (
        "cpx-tool virtual-cards insert infirmier",
        "cpx-tool virtual-cards insert 2 --port 35963",
    ),
    "virtual-cards remove": ("cpx-tool virtual-cards remove all",),
    "virtual-cards start": (
        "cpx-tool virtual-cards start --set centre-sante --fault pin-locked=2",
    ),
    "virtual-cards status": ("cpx-tool virtual-cards status --json",),
    "virtual-cards stop": ("cpx-tool virtual-cards stop",),
    "enrol-set": ("cpx-tool enrol-set --set centre-sante --into my-set.toml",),
    "explain": ("cpx-tool explain SIGN-PSS", "cpx-tool explain CKR_PIN_INCORRECT --lang fr"),
    "inspect": ("cpx-tool inspect card.pem --ca-dir issuers/",),
    "judge": ("cpx-tool judge poste.json --set centre-sante --quiet",),
    "list-checks": ("cpx-tool list-checks --json",),
    "list-codes": ("cpx-tool list-codes",),
    "list-endpoints": ("cpx-tool list-endpoints",),
    "list-modules": ("cpx-tool list-modules --no-load",),
    "list-readers": ("cpx-tool list-readers",),
    "list-sets": ("cpx-tool list-sets",),
    "merge": (
        "cpx-tool merge reports/ --report html=fleet.html",
        "cpx-tool merge 'reports/**/cpx-doctor-*.json' --report-dir fleet",
    ),
    "order-guide": (
        "cpx-tool order-guide --for insi-card",
        "cpx-tool order-guide --tick ORDER-SET FORM-1",
    ),
    "pin-ledger": ("cpx-tool pin-ledger --forget 9945000123",),
    "schema": ("cpx-tool schema > cpx-tool.schema.json",),
    "show-card": ("cpx-tool show-card --sources",),
    "show-set": ("cpx-tool show-set centre-sante --toml",),
    "sign-test": ("cpx-tool sign-test --card 9945000123 --verbose",),
    "tls-test": (
        "cpx-tool tls-test --endpoint https://server.example/path --no-card",
        "cpx-tool tls-test --endpoint https://server.example/path --card 9945000123",
    ),
    "trust": ("cpx-tool trust list",),
    "trust fetch": ("cpx-tool trust fetch --dry-run",),
    "trust import": ("cpx-tool trust import issuer.cer list.crl",),
    "trust list": ("cpx-tool trust list --json",),
    "trust where": ("cpx-tool trust where",),
}
"""By the words after `cpx-tool`."""
