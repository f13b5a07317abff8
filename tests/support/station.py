"""A workstation for tests: as files below a root of its own, and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from cpx_tool.adapters.root_files import Root
from cpx_tool.model import middleware
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.middleware import (
    CardCache,
    Declaration,
    Family,
    InstalledModule,
    Middleware,
    Origin,
    Traces,
)
from cpx_tool.model.observation import ModuleObservation
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.station import (
    Clock,
    Compiled,
    Driver,
    Enclosure,
    Holders,
    Package,
    Packages,
    Polkit,
    Process,
    Service,
    Session,
    SessionKind,
    Socket,
    Start,
    State,
    Station,
    System,
    Usb,
    UsbInterface,
    UsbReader,
    Versions,
)
from cpx_tool.model.token import ModuleInfo
from cpx_tool.model.trust import Anchor, AnchorOrigin, StoredAuthority, StoreListing
from cpx_tool.pki.certificate import read_certificate
from support.certificates import authority_certificate
from support.pki import rsa_key

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TWIN = "Gemalto PC Twin Reader"
OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'


def fake_root(top: Path, files: Mapping[str, str | bytes | None]) -> Root:
    """A root with these files. A text "-> place" is a symbolic link, None a directory."""
    for place, content in files.items():
        path = top / place.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        elif isinstance(content, str) and content.startswith("-> "):
            path.symlink_to(content.removeprefix("-> "))
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Root(top)


def usb_device(
    place: str,
    numbers: str,
    *,
    usb_class: str = "0b",
    driver: str = "",
    product: str = "A reader",
    device: int = 4,
) -> dict[str, str | bytes | None]:
    """A USB device of one interface, as /sys shows it."""
    vendor, _, product_number = numbers.partition(":")
    folder = f"/sys/bus/usb/devices/{place}"
    interface = f"/sys/bus/usb/devices/{place}:1.0"
    files: dict[str, str | bytes | None] = {
        f"{folder}/idVendor": f"{vendor}\n",
        f"{folder}/idProduct": f"{product_number}\n",
        f"{folder}/manufacturer": "Maker\n",
        f"{folder}/product": f"{product}\n",
        f"{folder}/busnum": "1\n",
        f"{folder}/devnum": f"{device}\n",
        f"{interface}/bInterfaceClass": f"{usb_class}\n",
    }
    if driver:
        files[f"{interface}/driver"] = f"-> ../../../../bus/usb/drivers/{driver}"
    return files


def driver_bundle(models: Mapping[str, str], name: str = "ifd-ccid") -> dict[str, str]:
    """A driver of PC/SC that lists these models: "vendor:product" → name."""

    def array(key: str, values: list[str]) -> str:
        items = "".join(f"<string>{value}</string>" for value in values)
        return f"<key>{key}</key><array>{items}</array>"

    numbers = [key.upper().split(":") for key in models]
    plist = (
        '<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>'
        "<key>CFBundleShortVersionString</key><string>1.5.2</string>"
        + array("ifdVendorID", [f"0x{vendor}" for vendor, _ in numbers])
        + array("ifdProductID", [f"0x{product}" for _, product in numbers])
        + array("ifdFriendlyName", list(models.values()))
        + "</dict></plist>"
    )
    return {f"/usr/lib/pcsc/drivers/{name}.bundle/Contents/Info.plist": plist}


def process(
    pid: int, name: str, *links: str, maps: str = "", command: str = "x"
) -> dict[str, str | bytes | None]:
    """A process whose descriptors lead to these places."""
    files: dict[str, str | bytes | None] = {
        f"/proc/{pid}/comm": f"{name}\n",
        f"/proc/{pid}/cmdline": f"{command}\0" if command else "",
        f"/proc/{pid}/maps": maps,
        f"/proc/{pid}/fd": None,
    }
    return files | {f"/proc/{pid}/fd/{n}": f"-> {link}" for n, link in enumerate(links)}


def usb_reader(
    model: str = TWIN, driver: str = "usbfs", *, usb_class: str = "0b", place: str = "1-1"
) -> UsbReader:
    """A reader on USB that pcscd may open."""
    return UsbReader(
        place=place,
        vendor="08e6",
        product="3437",
        name="Maker A reader",
        interfaces=(UsbInterface(f"{place}:1.0", usb_class, driver),),
        model=model,
        bus=1,
        device=4,
        mode="crw-rw-r--",
        owner="root",
        group="root",
    )


@cache
def _authority() -> Certificate:
    return read_certificate(authority_certificate(rsa_key(2048)))


def station() -> Station:
    """A workstation on which all is well: one reader, one known CA."""
    info = ModuleInfo("/opt/cps/libcps3_pkcs11_lux.so", "ANS", "CPS3 PKCS#11 LINUX", "3.1")
    root = StoredAuthority(_authority(), Anchor("00" * 32, AnchorOrigin.KNOWN))
    return Station(
        host="poste-1",
        observed_at=NOW,
        versions=Versions("0.1.0", "3.11.2", "1.9.9", "1.5.2", ""),
        system=System(
            kernel="Linux 6.1.0",
            name="Debian GNU/Linux 12 (bookworm)",
            distribution="debian",
            like=(),
            version="12",
            machine="x86_64",
            bits=64,
            enclosure=Enclosure.NONE,
        ),
        session=Session(SessionKind.DESKTOP, "TYPE=wayland", active=True),
        pcsc=Pcsc(PcscStatus.OK, (Reader(f"{TWIN} 00 00", ReaderState.EMPTY),)),
        service=Service(
            socket=Socket("/run/pcscd/pcscd.comm", True, "srw-rw-rw-", "root", "root", True),
            running=(Process(400, "pcscd", "root"),),
            start=Start.ON_DEMAND,
            version="1.9.9",
            polkit=Polkit(asked=False, rule=False),
        ),
        holders=Holders((), 0, 0),
        usb=Usb((usb_reader(),), (Driver("ifd-ccid", "1.5.2", 562),), ()),
        module=ModuleObservation(info.path, "known-place", info=info),
        middleware=Middleware(
            system=middleware.System.LINUX,
            machine="64-bit x86_64",
            modules=(
                InstalledModule(
                    info.path,
                    (Declaration(Origin.KNOWN_PLACE),),
                    family=Family.CRYPTOLIB,
                    info=info,
                ),
            ),
            chosen=info.path,
            traces=(Traces("/etc/cps3_pkcs11.conf", active=False),),
            cache=CardCache("/cache", writable=True, open_to_all=False),
        ),
        clock=Clock(NOW, date(2026, 11, 24), NOW, True, "Europe/Paris"),
        trust=StoreListing("/store", (root,), (), (), ()),
        packages=Packages(
            (Package("click", "8.2", "8.5.1", True),), (Compiled("smartcard.scard", "pyscard", ""),)
        ),
        state=State("/state", None),
        ledger=(),
    )
