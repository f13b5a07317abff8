"""The workstation, its PC/SC service and its middleware."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.CHECK,
        meanings={
            "PCSC-SERVICE": msg(
                "The PC/SC service of this system answers, and knows at least one reader."
            ),
        },
        why=msg(
            "Without it no card in a USB reader is seen. It is a warning only, because cards may "
            "also come through GALSS, without PC/SC."
        ),
        causes=(
            msg(
                "The service (pcscd) is not installed or not started; on Windows, SCardSvr stops "
                "when the last reader is unplugged."
            ),
            msg("Over ssh, in CI or in a service, polkit refuses the service by default."),
            msg(
                "The reader is not plugged in, has no driver, or is forwarded to another machine "
                "by a remote desktop."
            ),
        ),
        sources=(
            "LudovicRousseau/PCSC: doc/org.debian.pcsc-lite.policy",
            "https://github.com/LudovicRousseau/pyscard/issues/153",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PCSC-READERS": msg(
                "No card is mute, and none is held exclusively by another program."
            ),
        },
        why=msg("Such a card would otherwise just be absent from the result."),
        causes=(
            msg("The card is upside down or not pushed in to the end; its contacts are dirty."),
            msg(
                "Another program holds the card; cpx-tool doctor names it where this system tells."
            ),
            msg("The reader was unplugged in the meantime."),
        ),
        sources=(
            "ANS, Cryptolib CPS, notes de version: 1089",
            "https://github.com/LudovicRousseau/PCSC/issues/215",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-LOADED": msg("The PKCS#11 module loads, is initialised and says what it is."),
        },
        why=msg("Every card is reached through it: without it nothing can be checked."),
        causes=(
            msg(
                "The file is not there, is no library, or is built for another architecture (a "
                "32-bit module in a 64-bit Python)."
            ),
            msg("A library that it needs is missing."),
            msg(
                "It reads all cards while it is loaded, and takes longer than --timeout with an "
                "empty cache."
            ),
        ),
        sources=(
            "PKCS#11 v2.40, 5.4",
            "https://github.com/OpenSC/OpenSC/issues/2884",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-CALLS": msg("The module lists its slots without an error."),
        },
        why=msg("A fault here belongs to no card, and may hide all of them."),
        causes=(
            msg(
                "One card that the module cannot read makes the listing fail as a whole; this was "
                "seen with OpenSC."
            ),
            msg("The reader was unplugged while the slots were being listed."),
            msg(
                "Cryptolib CPS: a wrong number of slots just after a card was put in again, in "
                "versions before 5.0.29 (Windows)."
            ),
        ),
        sources=(
            "ANS, Cryptolib CPS, notes de version: 1347, 1499",
            "PKCS#11 v2.40, 5.5",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-SEES-CARDS": msg(
                "For each card that PC/SC sees in a reader, the module shows a token."
            ),
        },
        why=msg(
            "Where PC/SC sees a card and the module does not, reader and service are sound: the "
            "middleware is what to look at."
        ),
        causes=(
            msg(
                "The middleware does not know this kind of card: a CPS4 with OpenSC, or with a "
                "Cryptolib CPS before 5.2; a carte Vitale."
            ),
            msg("OpenSC shows the first four readers only, unless opensc.conf says otherwise."),
            msg("The module did not notice that the card was put in again."),
        ),
        sources=(
            "ANS, Cryptolib CPS, notes de version: 1528, 1605",
            "OpenSC: card-iasecc.c",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PCSC-SEES-CARDS": msg(
                "Each token that the module shows in a PC/SC reader is a card that PC/SC sees "
                "there."
            ),
        },
        why=msg(
            "A module that shows a card which is not there shows old contents: what is judged is "
            "then not the card."
        ),
        causes=(
            msg("The module kept what it had read of an earlier card."),
            msg("In a remote session (RDP), C_GetTokenInfo gave the previous card's information."),
            msg("The card was taken out in the short time between the two questions."),
        ),
        sources=("ANS, Cryptolib CPS, notes de version: 1359",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SET-COMPLETE": msg("Each role of the set was taken by a card that was read."),
        },
        why=msg("An acceptance test that needs a profession cannot be run without its card."),
        causes=(
            msg(
                "A card is missing, lies in a drawer, or was not recognised: see MODULE-SEES-CARDS "
                "and PCSC-READERS first."
            ),
            msg("--set names another set than the one that was ordered."),
            msg("The set file pins card numbers that are not those at hand."),
        ),
        sources=("ANS, Fiche pratique pour commander des cartes et certificats de test",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-VERSION": msg(
                "The module is of a product and a version that reads the cards of today."
            ),
        },
        why=msg("A CPS4 needs a Cryptolib CPS of 5.2 or newer; OpenSC reads no CPS4."),
        causes=(
            msg("The workstation was installed long ago, and never updated."),
            msg("Another middleware than the Cryptolib CPS is found first."),
        ),
        sources=("https://github.com/ansforge/dops-cryptolib",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-QUIRKS": msg(
                "Of this module's version no weakness is known that concerns the cards at hand."
            ),
        },
        why=msg("What is known to go wrong need not be searched for."),
        causes=(
            msg(
                "The version is one of which the maker, or a measurement, has told a defect; "
                "cpx-tool list-modules names it with its source."
            ),
        ),
        sources=("docs/middleware.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-FILES": msg("Each module that is installed or declared here can be loaded."),
        },
        why=msg("A program may take the one that cannot be loaded, and then sees no card."),
        causes=(
            msg(
                "An uninstalled product left its declaration (for Firefox, in the registry) behind."
            ),
            msg("The module is of another architecture, or lacks a library."),
        ),
        sources=("Mozilla: cps3.json; Windows: SOFTWARE\\Mozilla\\PKCS11Modules",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-COMPETING": msg(
                "No second middleware that drives readers itself can be loaded here."
            ),
        },
        why=msg(
            "Two of them take the card from each other: a reset by one ends the sessions of the "
            "other."
        ),
        causes=(
            msg(
                "OpenSC came with the system, beside the Cryptolib CPS; or the CPS2ter middleware "
                "was left behind by an update."
            ),
        ),
        sources=(
            "https://github.com/Fedict/eid-mw/issues/206",
            "https://github.com/ansforge/dops-cryptolib",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-TRACES": msg("The traces of the Cryptolib CPS are switched off."),
        },
        why=msg(
            "The setting counts for each process of the machine: all get slower, and the files "
            "grow without end."
        ),
        causes=(msg("Somebody switched them on for an analysis, and forgot to switch them off."),),
        sources=("ANS, Cryptolib CPS: cps3_pkcs11.conf; HKLM\\Software\\ASIP Sante\\PKCS11",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MODULE-CACHE": msg(
                "The middleware's cache can be written, and holds nothing that a PIN guards on the "
                "card."
            ),
        },
        why=msg(
            "The Cryptolib shows what is in its cache, which need not be what is on the card; and "
            "what it keeps there is protected by a key that the file's name gives away."
        ),
        causes=(
            msg(
                "A card was personalised again under its old serial number: label and certificate "
                "of before are shown."
            ),
            msg("Two test cards have one serial number, and mix up their contents."),
            msg(
                "Protected data were read once after a login, and stay in files that others can "
                "read."
            ),
        ),
        sources=(
            "ANS, Cryptolib CPS 5.2: encdec.c, pkcs15-cache.c",
            "ANS, Cryptolib CPS, notes de version: 1102",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SYSTEM-SUPPORTED": msg(
                "The system is one on which this tool was tried, and readers can reach it."
            ),
        },
        why=msg("In a container or in WSL a reader on USB is not there by itself."),
        causes=(
            msg(
                "Another distribution or version; a container without the reader; a 32-bit Python."
            ),
        ),
        sources=("docs/limits.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SESSION-KIND": msg(
                "The session from which this runs may use the readers of this machine."
            ),
        },
        why=msg(
            "polkit lets in, by default, only who sits at the screen; Windows redirects the "
            "readers of the operator's own machine into a remote session."
        ),
        causes=(msg("The command runs over ssh, in CI, as a service, or in a remote desktop."),),
        sources=(
            "LudovicRousseau/PCSC: doc/org.debian.pcsc-lite.policy",
            "https://github.com/PowerShell/Win32-OpenSSH/issues/1644",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PCSC-START": msg("The PC/SC service is started on demand, or at boot."),
        },
        why=msg("Started by hand, it is gone after the next start of the machine."),
        causes=(msg("pcscd.socket is disabled, or masked; systemd does not run here."),),
        sources=("pcsc-lite: pcscd.socket",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PCSC-ACCESS": msg("This user may use the PC/SC service."),
        },
        why=msg("A refusal looks, to most programs, as if there were no reader."),
        causes=(
            msg(
                "polkit refuses sessions that are not at the screen (0x8010006A); the socket may "
                "not be opened by this user."
            ),
        ),
        sources=(
            "https://github.com/Yubico/yubico-piv-tool/issues/504",
            "pcsc-lite: org.debian.pcsc-lite.access_pcsc, access_card",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PCSC-OTHERS": msg("No other program keeps a card or a reader to itself."),
        },
        why=msg("While one does, the card is not read, or the call waits until it lets go."),
        causes=(
            msg(
                "A browser, or an agent such as gpg's scdaemon, has the card open; the finding "
                "names it."
            ),
        ),
        sources=(
            "https://github.com/drduh/YubiKey-Guide/issues/277",
            "https://github.com/LudovicRousseau/PCSC/issues/215",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "READER-LISTED": msg("Each card reader on the USB bus is listed by PC/SC."),
        },
        why=msg(
            "A reader that is plugged in and not listed is no matter of cards: driver, rights or "
            "kernel are."
        ),
        causes=(
            msg(
                "The driver (libccid) is older than the reader: Kapelse's KAP-Care and KAP-GO, "
                "say, are not in that of Debian 12 (1.5.2)."
            ),
            msg(
                "The service runs as a user of its own and may not open the device, or the kernel "
                "has taken it for NFC."
            ),
            msg("A PSS terminal that speaks GALSS is not a PC/SC reader: not known here."),
        ),
        sources=("libccid: Info.plist",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "READER-DRIVER": msg(
                "A PC/SC driver that is installed knows the reader's USB numbers."
            ),
        },
        why=msg("pcscd takes only devices whose numbers stand in a driver's list."),
        causes=(msg("libccid is not installed, or is older than the reader."),),
        sources=("libccid: Info.plist; readers of 1.5.2: 562",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "READER-DEVICE": msg("The PC/SC service may open the reader's device."),
        },
        why=msg(
            "From pcsc-lite 2.4 the service runs as the user pcscd, who needs the device's group."
        ),
        causes=(msg("The udev rule of the driver is missing, or another rule comes after it."),),
        sources=("CCID: 92_pcscd_ccid.rules",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "KERNEL-DRIVER": msg("No driver of the kernel has taken the reader."),
        },
        why=msg("A reader that the kernel drives cannot be driven by PC/SC."),
        causes=(msg("pn533_usb takes NFC readers such as the ACR122U."),),
        sources=("docs/workstation.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CLOCK-RIGHT": msg(
                "The clock of this machine can be right: it is not before the release of this "
                "version, nor before what the system has dated."
            ),
        },
        why=msg(
            "Validity and revocation are judged by it; a wrong clock makes good cards look expired "
            "or not yet valid."
        ),
        causes=(msg("A flat battery, a virtual machine that was resumed, a clock set by hand."),),
        sources=("RFC 5280, 4.1.2.5",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CLOCK-SYNCHRONISED": msg("A time service has set the clock over the network."),
        },
        why=msg("A clock that nobody sets drifts, and is wrong one day."),
        causes=(msg("Time synchronisation is switched off, or the network lets no NTP through."),),
        sources=("adjtimex(2); systemd-timesyncd(8)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CLOCK-ZONE": msg("A time zone is set."),
        },
        why=msg(
            "Without one, whoever sets the clock by a watch sets it wrong by one or two hours."
        ),
        causes=(msg("A minimal installation, or a container."),),
        sources=("localtime(5)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TRUST-STORE": msg("There are CA certificates to follow the chains of cards with."),
        },
        why=msg("Without them nothing is wrong with a card, and nothing of its origin is proven."),
        causes=(
            msg("The store was never filled: the tool ships no certificates of the TEST CAs."),
        ),
        sources=("docs/trust.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PYTHON-PACKAGES": msg(
                "The Python packages that the tool needs are installed, in versions that it was "
                "written for."
            ),
        },
        why=msg("An older package fails later, in the middle of a run."),
        causes=(
            msg("The tool was installed into an environment that other programs change, too."),
        ),
        sources=("docs/install.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PYTHON-COMPILED": msg(
                "The compiled parts (pyscard, python-pkcs11, cryptography) can be imported."
            ),
        },
        why=msg("They are what reaches readers and cards."),
        causes=(msg("They were built for another Python; libpcsclite1 is not installed."),),
        sources=("https://github.com/LudovicRousseau/pyscard/issues/199",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "STATE-WRITABLE": msg("The directory of the ledger of PIN tries can be written."),
        },
        why=msg(
            "What cannot be noted is not tried: without the ledger no PIN goes to a real card."
        ),
        causes=(
            msg(
                "A home directory that is read-only, as services and containers have it; a full "
                "disk."
            ),
        ),
        sources=("docs/pin-safety.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PIN-LEDGER": msg(
                "No card waits in the ledger for a person's word after a PIN try that did not "
                "succeed."
            ),
        },
        why=msg("On such a card no PIN is tried, so its keys are not checked."),
        causes=(msg("An earlier run met a wrong PIN, or was ended in the middle of a login."),),
        sources=("docs/pin-safety.md",),
    ),
)
