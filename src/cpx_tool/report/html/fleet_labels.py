"""The fixed words of the fleet's page, by the names that its template uses."""

from __future__ import annotations

from cpx_tool.model.message import msg

FLEET_LABELS = {
    "title": msg("Merged results of a fleet"),
    "host": msg("Merged on"),
    "observed_on": msg("Merged"),
    "station": msg("Workstation"),
    "stations": msg("Workstations and checks"),
    "stations_caption": msg(
        "The newest result of each workstation, command and set; older ones are counted."
    ),
    "filter": msg("Show by verdict"),
    "filter_status": msg("{shown} of {total} results are shown.", shown="[shown]", total="[total]"),
    "command": msg("Command"),
    "result": msg("Result"),
    "observed": msg("Observed (UTC)"),
    "exit": msg("Exit"),
    "older": msg("Older"),
    "interrupted": msg("interrupted"),
    "emulated": msg("emulated"),
    "matrix_caption": msg("Workstations and checks: a row for each workstation"),
    "all_passed": msg("Passed wherever they were asked:"),
    "cards": msg("Cards and workstations"),
    "cards_caption": msg("Where each card was last seen, and what it came to there"),
    "role": msg("Role"),
    "seen_on": msg("Seen on"),
    "seen": msg("seen"),
    "not_seen": msg("not seen"),
    "merging": msg("What was merged"),
    "not_merged": msg("Not merged"),
    "file": msg("File"),
    "reason": msg("Reason"),
    "repeats": msg("There twice"),
    "as_file": msg("Says again what this one says"),
    "two_places": msg("At two workstations at once"),
    "first_place": msg("There first"),
    "second_place": msg("And then there"),
    "clocks": msg(
        "The moments are those at which the runs began, by the clocks of the workstations."
    ),
    "unseen": msg("Cards of sets that no workstation has seen"),
    "set": msg("Set"),
    "language": msg(
        "What a check said is in the language of the workstation that said it. Files that were "
        "merged, and their SHA-256, are in the JSON report."
    ),
}
