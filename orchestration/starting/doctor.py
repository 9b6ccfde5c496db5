"""What a data folder lacks, by the figure that it is missing for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from expectations.factor_rows import PLACE_COLUMNS, WORLD
from orchestration.company.data_folder import CompanyDataError, DataFolder
from orchestration.company.source_map import Item, MapError, SourceMap, items_of, texts_of
from orchestration.spreadsheets.text_table import read_text_table
from orchestration.starting.new_folder import component_of, is_for_all_use

FIGURES = ("inventory", "products", "distribution", "methods", "reduction", "uncertainty")
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
        *_inventory(data), *_products(data), *_distribution(data), *_methods(data),
        *_reduction(data), *_uncertainty(data),
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
    used = _flows_of_maps(data)
    flows = data.company["flows"].set_index("flow_id").to_dict("index")
    covered = _covered(data)
    for flow in sorted(used & set(flows)):
        for component in filter(None, (flows[flow]["components"] or "").split(";")):
            if (flow, component.strip()) not in covered:
                yield Lack(
                    "inventory",
                    f"{flow} has no factor for {component.strip()} that applies at the sites",
                    "carbonloom factors import TABLE, or exempt it in company/flows.csv",
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
            for process in texts_of(item.process) or ():
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
        sites = list(data.company["facilities"]["facility_id"])
        own = {process.replace("{facility}", site) for site in sites}
        if len(several) > 1 and not own & ruled:
            yield Lack(
                "products", f"{process} makes {', '.join(sorted(several))}, and no rule splits it",
                "Add lines to company/allocation_rules.csv.",
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
    sites = list(data.company["facilities"]["facility_id"])
    found: set[str] = set()
    for item in (item for one in data.maps.values() for item in _items(one)):
        processes = texts_of(item.process) or []
        own = {one.replace("{facility}", site) for one in processes for site in sites}
        if not own & outside:
            found |= set(texts_of(item.flow) or ())
    return found


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
