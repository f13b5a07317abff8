"""The only room that names concrete adapters: options → ports. Its files are for itself alone."""

from __future__ import annotations

from cpx_tool.adapters.files import read_file
from cpx_tool.adapters.kept_run import KeptRun
from cpx_tool.adapters.ledger import unusable as unusable_ledger
from cpx_tool.adapters.observation_file import check_writable
from cpx_tool.adapters.observation_file import load as load_observation
from cpx_tool.adapters.observation_file import save as save_observation
from cpx_tool.adapters.set_file import check_target as check_set_target
from cpx_tool.adapters.set_file import save as write_set
from cpx_tool.adapters.system import now
from cpx_tool.wiring.emulation import emulate, emulation_there
from cpx_tool.wiring.endpoints import known_endpoints
from cpx_tool.wiring.ledger import pin_ledger
from cpx_tool.wiring.online import cards_online, go_online, software_online
from cpx_tool.wiring.reports import (
    check_report,
    check_report_directory,
    host_name,
    identity_of,
    new_run_id,
    save_report,
)
from cpx_tool.wiring.results import read_results, this_merger
from cpx_tool.wiring.run import (
    Interrupted,
    Login,
    Run,
    list_readers,
    look_at_readers,
    open_run,
    read_cards,
    visit_cards,
)
from cpx_tool.wiring.software import read_software, request_certificate
from cpx_tool.wiring.source import Source
from cpx_tool.wiring.station import examine, list_modules
from cpx_tool.wiring.tls import (
    VERSIONS,
    Knocking,
    errands,
    knock_as_nobody,
    knock_with_cards,
    knock_with_file,
)
from cpx_tool.wiring.trust import (
    fetch_trust,
    import_trust,
    list_trust,
    trust_addresses,
    trust_at_hand,
)
from cpx_tool.wiring.user_files import find_kept_run, order_ticks, save_calendar
from cpx_tool.wiring.virtual_cards import (
    FAULTS,
    VirtualSet,
    VirtualWish,
    insert_virtual,
    make_virtual_set,
    remove_virtual,
    run_virtual_cards,
    stop_virtual,
    virtual_cards_inside,
    virtual_deck,
    virtual_status,
)

__all__ = [
    "FAULTS",
    "VERSIONS",
    "Interrupted",
    "KeptRun",
    "Knocking",
    "Login",
    "Run",
    "Source",
    "VirtualSet",
    "VirtualWish",
    "cards_online",
    "check_report",
    "check_report_directory",
    "check_set_target",
    "check_writable",
    "emulate",
    "emulation_there",
    "errands",
    "examine",
    "fetch_trust",
    "find_kept_run",
    "go_online",
    "host_name",
    "identity_of",
    "import_trust",
    "insert_virtual",
    "knock_as_nobody",
    "knock_with_cards",
    "knock_with_file",
    "known_endpoints",
    "list_modules",
    "list_readers",
    "list_trust",
    "load_observation",
    "look_at_readers",
    "make_virtual_set",
    "new_run_id",
    "now",
    "open_run",
    "order_ticks",
    "pin_ledger",
    "read_cards",
    "read_file",
    "read_results",
    "read_software",
    "remove_virtual",
    "request_certificate",
    "run_virtual_cards",
    "save_calendar",
    "save_observation",
    "save_report",
    "software_online",
    "stop_virtual",
    "this_merger",
    "trust_addresses",
    "trust_at_hand",
    "unusable_ledger",
    "virtual_cards_inside",
    "virtual_deck",
    "virtual_status",
    "visit_cards",
    "write_set",
]
