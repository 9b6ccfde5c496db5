"""What a data folder lacks, by the figure that it is missing for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product as every

from expectations.factor_rows import PLACE_COLUMNS, WORLD
from orchestration.company.data_folder import CompanyDataError, DataFolder
from orchestration.company.source_map import Item, MapError, SourceMap, items_of, texts_of
from orchestration.gate.signers import MANDATES, ROUND, signers_of
from orchestration.ingest.landing import supplier_libraries
from orchestration.spreadsheets.text_table import read_text_table
from orchestration.starting.new_folder import component_of, is_for_all_use

FIGURES = (
    "inventory", "products", "release", "suppliers", "certified volumes", "distribution",
    "methods", "reduction", "uncertainty",
)  # fmt: skip
LISTS = ("sources", "libraries")


@dataclass(frozen=True)
class Lack:
    """One thing that is missing, for which figure, and what to do."""

    figure: str
    what: str
    remedy: str


def lacks_of(data: DataFolder) -> list[Lack]:
    """What is missing for each figure, the inventory first."""
    try:
        data.validate()
    except (CompanyDataError, MapError) as error:
        return [
            Lack("inventory", line, "Correct it; nothing runs before.")
            for line in str(error).splitlines()
        ]
    return [
        *_inventory(data), *_products(data), *_release(data), *_suppliers(data),
        *_certified_volumes(data), *_distribution(data), *_methods(data), *_reduction(data),
        *_uncertainty(data),
    ]  # fmt: skip


def _inventory(data: DataFolder) -> Iterator[Lack]:
    if not data.rounds:
        yield Lack("inventory", "rounds.csv has no round", "carbonloom round open")
    for round_ in data.rounds:
        for hand_in in round_.expected_hand_ins:
            if hand_in.source in data.maps:
                found = dict(data.hand_ins(data.maps[hand_in.source], round_))
                if found.get(hand_in) is None:
                    yield Lack(
                        "inventory",
                        f"{hand_in.name} of round {round_.round} is not handed in",
                        f"carbonloom template --round {round_.round}",
                    )
            elif hand_in.name != "instruments":
                yield Lack(
                    "inventory", f"no map reads {hand_in.name}", "carbonloom map FILE drafts one"
                )
    for path in sorted((data.path / "maps" / "drafts").glob("*.yml")):
        if path.stem not in data.maps:
            yield Lack(
                "inventory", f"maps/drafts/{path.name} is a draft; no map in force has its name",
                f"Complete it, and mv it to maps/{path.name}; or delete it.",
            )  # fmt: skip
    used = _flows_of_maps(data)
    flows = data.company["flows"].set_index("flow_id").to_dict("index")
    covered = _covered(data)
    for flow in sorted(used & set(flows)):
        for component in filter(None, (flows[flow]["components"] or "").split(";")):
            if (flow, component.strip()) not in covered:
                yield Lack(
                    "inventory",
                    f"{flow} has no factor for {component.strip()} that applies at the sites",
                    "carbonloom factors import TABLE; or leave it out on purpose: in "
                    f"company/flows.csv, take {component.strip()} out of components of {flow}, and "
                    "write why into exempted_because.",
                )


def _flows_of_maps(data: DataFolder) -> set[str]:
    items = (item for one in data.maps.values() for item in _items(one))
    return {flow for item in items for flow in texts_of(item.flow) or ()}


def _items(source_map: SourceMap) -> Iterator[Item]:
    newest = max(source_map.layouts, key=lambda one: one.from_round)
    for sheet in newest.sheets:
        yield from items_of(sheet)


def _covered(data: DataFolder) -> set[tuple[str, str]]:
    """Flow and component of each factor that applies at a site, whatever its months."""
    places = {WORLD, ""}
    for site in data.company["facilities"].to_dict("records"):
        places |= {site[column] for column in PLACE_COLUMNS if site[column]}
    found: set[tuple[str, str]] = set()
    for path in (data.path / "emission_factors").glob("*.csv"):
        if path.stem in LISTS:
            continue
        for _, row in read_text_table(path).records():
            if (row.get("geography") or "") in places and is_for_all_use(row):
                found.add((row.get("flow_id") or "", component_of(row)))
    return found


def _products(data: DataFolder) -> Iterator[Lack]:
    products = data.company["products"].to_dict("records")
    if not products:
        yield Lack("products", "company/products.csv has no product", "List what is sold there.")
        return
    outputs: dict[str, set[str]] = {}
    made: set[str] = set()
    for item in (item for one in data.maps.values() for item in _items(one)):
        if item.direction != "output" or item.fixed["role"] != "activity":
            continue
        for flow in texts_of(item.flow) or ():
            made.add(flow)
            for process in _own_processes(data, texts_of(item.process) or ()):
                outputs.setdefault(process, set()).add(flow)
    has_open = any(
        texts_of(item.flow) is None for one in data.maps.values() for item in _items(one)
    )
    for product in products:
        if product["flow_id"] not in made and not has_open:
            yield Lack(
                "products", f"no map reads how much {product['flow_id']} is made",
                "Add its column, direction output, to the map of its stage.",
            )  # fmt: skip
    kinds = {f["flow_id"]: f["flow_kind"] for f in data.company["flows"].to_dict("records")}
    ruled = set(data.company["allocation_rules"]["process_id"])
    for process, flows in outputs.items():
        several = [f for f in flows if kinds.get(f) in ("product", "intermediate", "utility")]
        if len(several) > 1 and process not in ruled:
            yield Lack(
                "products", f"{process} makes {', '.join(sorted(several))}, and no rule splits it",
                "Add a line for each of them to company/allocation_rules.csv: process_id, flow_id, "
                "basis (such as mass), justification.",
            )  # fmt: skip
    carried = _flows_that_products_carry(data)
    for flow in data.company["flows"].to_dict("records"):
        is_carried = flow["flow_id"] in carried
        if is_carried and flow["components"] and not flow["life_cycle_stage"]:
            yield Lack(
                "products", f"{flow['flow_id']} has no life_cycle_stage",
                "Fill it in company/flows.csv.",
            )  # fmt: skip


def _flows_that_products_carry(data: DataFolder) -> set[str]:
    """Flows that are read at a process that isn't outside all products, such as an office."""
    outside = {
        one["process_id"]
        for one in data.company["processes"].to_dict("records")
        if one["process_type"] == "non_product"
    }
    found: set[str] = set()
    for item in (item for one in data.maps.values() for item in _items(one)):
        if not set(_own_processes(data, texts_of(item.process) or ())) & outside:
            found |= set(texts_of(item.flow) or ())
    return found


def _own_processes(data: DataFolder, processes: Collection[str]) -> list[str]:
    """The processes of the company that a map names, `{facility}` being any of its sites."""
    known = set(data.company["processes"]["process_id"])
    sites = list(data.company["facilities"]["facility_id"])
    named = dict.fromkeys(one.replace("{facility}", site) for one in processes for site in sites)
    return [one for one in named if one in known]


def _release(data: DataFolder) -> Iterator[Lack]:
    """Who signs: for each hand-in three people, for the round one who prepared none of it."""
    signers = signers_of(data.company["people"].to_dict("records"))
    if not signers.people:
        yield Lack(
            "release", "company/people.csv names nobody who signs",
            "Three people, a line each: person_id, name_en, and * in prepares, in reviews, or "
            f'"*; {ROUND}" in approves.',
        )  # fmt: skip
        return
    for round_ in data.rounds:
        for hand_in in round_.expected:
            may = {role: signers.who_may(hand_in, role) for role in MANDATES}
            if not any(len(set(three)) == len(may) for three in every(*may.values())):
                told = "; ".join(
                    f"{role} {', '.join(who) or 'nobody'}" for role, who in may.items()
                )
                yield Lack(
                    "release", f"no three people may sign {hand_in} of {round_.round} ({told})",
                    "Name it, or *, in prepares, reviews and approves of three people in "
                    "company/people.csv.",
                )  # fmt: skip
        if not signers.who_may(ROUND, "approver"):
            yield Lack(
                "release", f"nobody may approve round {round_.round} as a whole",
                f'Write "*; {ROUND}" into approves of somebody in company/people.csv.',
            )  # fmt: skip


def _suppliers(data: DataFolder) -> Iterator[Lack]:
    """What suppliers' records lack to be factors."""
    suppliers = data.company["suppliers"]
    libraries = supplier_libraries(data)
    known = {row["supplier_id"] for rows in libraries.values() for row in rows}
    without = [one for one in suppliers["supplier_id"] if one not in known]
    if len(without) == len(suppliers):
        yield Lack(
            "suppliers", "no supplier's footprint is in emission_factors/suppliers/",
            "Ask for PACT records, and put the JSON files there, with records.csv beside them.",
        )  # fmt: skip
    elif without:
        yield Lack(
            "suppliers", f"no record of {', '.join(without)}",
            "Ask them for one; until then published factors stand for them.",
        )  # fmt: skip
    for row in (row for rows in libraries.values() for row in rows):
        for rule, field, expected, observed in json.loads(row["record_problems"] or "[]"):
            yield Lack(
                "suppliers",
                f"{row['source_file']}, record {row['source_line']}: {field}: {observed} ({rule})",
                f"Expected: {expected}.",
            )  # fmt: skip


def _certified_volumes(data: DataFolder) -> Iterator[Lack]:
    """What the balance of certified input and output can't be made without."""
    scopes = data.company["scope_certificates"].to_dict("records")
    transactions = data.company["transaction_certificates"].to_dict("records")
    if not scopes:
        yield Lack(
            "certified volumes", "company/scope_certificates.csv has no line",
            "With certified products: a line for each of them, and company/"
            "transaction_certificates.csv.",
        )  # fmt: skip
        return
    read = _flows_of_maps(data)
    last = max((one.last_month for one in data.rounds), default=None)
    by_holder: dict[tuple[str, str], dict[str, set[str]]] = {}
    for one in scopes:
        holder = one["scope_certificate"], one["facility_id"]
        by_holder.setdefault(holder, {"in": set(), "out": set(), "stock": set()})
    for one in transactions:
        holder = one["scope_certificate"], one["facility_id"]
        by_holder[holder][one["direction"]].add(one["flow_id"])
    for (certificate, site), flows in by_holder.items():
        holder = certificate, site
        own = [one for one in scopes
               if (one["scope_certificate"], one["facility_id"]) == holder]  # fmt: skip
        where = f"{certificate} of {site}"
        opening = any(float(one["opening_kg"] or 0) for one in own)
        if not flows["in"] and not (opening and flows["out"]):
            yield Lack(
                "certified volumes", f"{where} has no transaction certificate of what came in",
                "Add its lines, direction in, to company/transaction_certificates.csv.",
            )  # fmt: skip
        for flow in sorted((flows["in"] | flows["out"]) - read):
            yield Lack(
                "certified volumes", f"{where} certifies {flow}, and no map names it",
                "What came in or was made of it can't be held against its certificates.",
            )  # fmt: skip
        ends = [one["valid_to"] for one in own if one["valid_to"]]
        if last and len(ends) == len(own) and max(ends) <= last.isoformat():
            yield Lack(
                "certified volumes", f"{where} ended on {max(ends)}",
                f"Add the lines that hold in {last:%Y-%m} to company/scope_certificates.csv.",
            )  # fmt: skip


def _distribution(data: DataFolder) -> Iterator[Lack]:
    kinds = {f["flow_id"]: f["flow_kind"] for f in data.company["flows"].to_dict("records")}
    used = {kinds.get(flow) for flow in _flows_of_maps(data)}
    if not used & {"freight_outbound", "freight_outbound_paid"}:
        yield Lack(
            "distribution", "no map reads outbound freight",
            "Read deliveries with their documents: a flow of kind freight_outbound.",
        )  # fmt: skip
    if not len(data.company["scenarios"]):
        yield Lack(
            "distribution", "company/scenarios.csv has no line: use and end of life are left out",
            "Add what happens to a product after it was sold.",
        )  # fmt: skip


def _methods(data: DataFolder) -> Iterator[Lack]:
    if not len(data.company["recycling_methods"]):
        yield Lack(
            "methods", "only cut-off is computed",
            "Lines of company/recycling_methods.csv add the circular footprint formula and others.",
        )  # fmt: skip


def _reduction(data: DataFolder) -> Iterator[Lack]:
    for table, what in (
        ("initiatives", "no measure is listed"),
        ("prices", "nothing has a price, so no measure has its savings in money"),
        ("targets", "no target is set"),
    ):
        if not len(data.company[table]):
            yield Lack("reduction", f"{what}", f"Add lines to company/{table}.csv.")
    if "base_year" not in data.company.settings:
        yield Lack("reduction", "no base year is set", "base_year: in company/company.yml")


def _uncertainty(data: DataFolder) -> Iterator[Lack]:
    for source, source_map in data.maps.items():
        without = sum(item.method is None for item in _items(source_map))
        if without:
            yield Lack(
                "uncertainty", f"{without} items of maps/{source}.yml say no method",
                "method: metered, invoiced, weighed, calculated or estimated",
            )  # fmt: skip
