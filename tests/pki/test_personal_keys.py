import pytest

from cpx_tool.model.eligibility import Key
from cpx_tool.model.token import CertificateObject
from cpx_tool.pki.personal_keys import personal_key

CERTIFICATES = (
    CertificateObject("Certificat d'Authentification CPS", "20", b""),
    CertificateObject("Certificat de Signature CPS", "10", b""),
    CertificateObject("AC", "30", b""),
)


@pytest.mark.parametrize(
    ("label", "key_id", "expected"),
    [
        ("CPS_PRIV_AUT", "99", Key.AUTHENTICATION),
        ("CPS_PRIV_SIG", "99", Key.SIGNATURE),
        ("CPS_PRIV_SIG", "20", Key.SIGNATURE),
        ("Private Key", "20", Key.AUTHENTICATION),
        ("Private Key", "10", Key.SIGNATURE),
        ("Private Key", "30", None),
        ("", "99", None),
    ],
)
def test_which_key_it_is(label: str, key_id: str, expected: Key | None) -> None:
    assert personal_key(label, key_id, CERTIFICATES) is expected
