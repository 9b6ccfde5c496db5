"""PACT records: decimals, the schema, each semantic rule broken once, and ids over time."""

import copy
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO

import dagster
import duckdb
import pytest
from rich.console import Console

from orchestration.assets.exchange import exchange_asset
from orchestration.calculation.control import SOLVER_FILES
from orchestration.commands.exchange_on_screen import print_expired
from orchestration.exchange import exchanging
from orchestration.exchange.exchanging import (
    REFUSED,
    UNCHANGED,
    WRITTEN,
    FiguresSource,
    Outcome,
    Publication,
)
from orchestration.exchange.explaining import reason_since
from orchestration.exchange.figures import Footprint, ReportingCompany
from orchestration.exchange.records import NotWritableError, content_of, geography
from orchestration.lake.paths import Lake
from orchestration.pact.checks import RULES, RecordContext, problems_of
from orchestration.pact.decimals import as_text, is_decimal
from orchestration.resources import Folders

SITE = {"country": "CN", "subdivision": "CN-JS"}
COMPANY = ReportingCompany(
    settings={
        "company_id": "mill",
        "name_en": "A mill",
        "domain": "mill.example",
        "company_ids": "urn:pact:mill.example:supplier-id:mill;urn:lei:000",
        "packaging_flows": "film",
    },
    products={
        "fibre": {"name_en": "Fibre", "hs_code": "550320", "end_use": "yarn", "regain": "0.004"}
    },
    facilities={"a": SITE, "b": {"country": "CN", "subdivision": "CN-ZJ"}, "c": SITE},
    processes={"spin": {"name_en": "Spinning"}},
    flows={
        "truck": {"flow_kind": "freight_outbound_paid"},
        "ship": {"flow_kind": "freight_outbound"},
    },
)
FOOTPRINT = Footprint(
    product_id="fibre",
    year="2021",
    basis="market_based",
    declared_unit="kg",
    month_count=12,
    first_month=date(2021, 1, 1),
    last_month=date(2021, 12, 1),
    gwp_set="AR6",
    total=Decimal("1.800115296120"),
    total_on_other_basis=Decimal("1.9"),
    fossil=Decimal("1.782467119420"),
    biogenic=Decimal("0.017648176700"),
    land_use=Decimal(0),
    aircraft=Decimal(0),
    co2_biogenic_kg=Decimal(0),
    stages={
        "raw_material_acquisition": Decimal("0.300115296120"),
        "manufacture": Decimal("1.5"),
        "distribution": Decimal("0.2"),
    },
    by_flow={"film": Decimal("0.01"), "gas": Decimal("1.79")},
    outbound_by_flow={"truck": Decimal("0.15"), "ship": Decimal("0.05")},
    fossil_carbon=Decimal("0.6225"),
    biogenic_carbon=Decimal(0),
    recycled_carbon=Decimal("0.61"),
    recycled_content=Decimal("0.98"),
    quality={
        "pds_percent": Decimal("23.8778123"),
        "technological_dqr": Decimal("2.665"),
        "geographical_dqr": Decimal("2.68"),
        "temporal_dqr": Decimal("2.48"),
        "gsd2": Decimal("1.109"),
    },
    exemptions=[
        {
            "process_id": "spin",
            "flow_id": "soap",
            "flow_name_en": "Soap",
            "exempted_because": "no factor",
            "upper_bound_source": "a guess",
            "upper_bound_kgco2e": Decimal("0.02"),
        }
    ],
    process_ids=("spin",),
    facility_ids=("a",),
    allocation=[],
    factor_sources=[{"source_title": "Hub", "publisher": "EPA", "edition": "2025"}],
)
RELEASE = Publication(date(2022, 5, 1), True, "round 2022-04, release 1")


def record(footprint: Footprint = FOOTPRINT, **changes: object) -> dict:
    """A whole record of the footprint, with properties of it replaced, or of `pcf`."""
    whole = {
        "id": "44e61171-8c09-5225-93d4-3148d05ecee1",
        "created": "2022-05-01T00:00:00Z",
        **content_of(COMPANY, footprint),
    }
    whole = copy.deepcopy(whole)
    for name, value in changes.items():
        target = whole if name in whole or name == "precedingPfIds" else whole["pcf"]
        if value is None:
            del target[name]
        else:
            target[name] = value
    return whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.5", "0.5"),
        ("5E-1", "0.5"),
        ("1E+3", "1000"),
        ("1E-20", "0"),
        ("-0.00000000001", "0"),
        ("120.500", "120.5"),
        ("0.12345678905", "0.123456789"),
        ("1E+50", "1" + 50 * "0"),
    ],
)
def test_a_decimal_is_text_without_exponent(value, text):
    assert as_text(Decimal(value)) == text
    assert is_decimal(text)


def test_floats_and_what_only_looks_like_a_decimal_are_refused():
    with pytest.raises(TypeError):
        as_text(0.1)
    with pytest.raises(ValueError):
        as_text(Decimal("NaN"))
    for text in ("abc0.5", "1e3", ".5", "5.", "0.5\n", "٣", "", 0.5):
        assert not is_decimal(text)


def test_a_record_fulfils_schema_and_rules_and_says_what_the_marts_say():
    whole = record()
    context = RecordContext(
        total=FOOTPRINT.total,
        stages={name: value for name, value in FOOTPRINT.stages.items() if name != "distribution"},
    )
    assert problems_of(whole, context) == []
    pcf = whole["pcf"]
    assert pcf["pcfExcludingBiogenicUptake"] == "1.8001152961"
    assert pcf["packagingGhgEmissions"] == "0.01"
    assert pcf["outboundLogisticsGhgEmissions"] == "0.15"  # the customer pays the ship
    assert pcf["exemptedEmissionsPercent"] == "1.0988"  # 0.02 / 1.82011…
    assert pcf["geographyCountrySubdivision"] == "CN-JS"
    assert pcf["referencePeriodEnd"] == whole["validityPeriodStart"] == "2022-01-01T00:00:00Z"
    assert whole["validityPeriodEnd"] == "2025-01-01T00:00:00Z"
    assert pcf["secondaryEmissionFactorSources"] == [{"name": "Hub (EPA)", "version": "2025"}]


def test_the_smallest_place_that_holds_all_sites_is_stated():
    assert geography(COMPANY, ("a", "c")) == {"geographyCountrySubdivision": "CN-JS"}
    assert geography(COMPANY, ("a", "b")) == {"geographyCountry": "CN"}
    abroad = replace(COMPANY, facilities={"a": SITE, "d": {"country": "VN", "subdivision": None}})
    assert geography(abroad, ("a", "d")) == {}
    assert geography(abroad, ("d",)) == {"geographyCountry": "VN"}


def test_the_code_of_records_decides_no_figure():
    """Another record format is no reason to solve a year anew, or to sign it again."""
    assert not [path for path in SOLVER_FILES if path.parent.name == "exchange"]


def test_biogenic_carbon_is_taken_up_and_needs_land_management():
    """Method R34 and R36: 0.3 kgC is 1.1 kg of CO2; above 5 % land management is not nothing."""
    bio = replace(
        FOOTPRINT,
        fossil_carbon=Decimal("0.3"),
        biogenic_carbon=Decimal("0.3"),
        recycled_carbon=Decimal(0),
    )
    plain = replace(COMPANY, products={"fibre": COMPANY.products["fibre"] | {"hs_code": None}})
    pcf = content_of(plain, bio)["pcf"]
    assert pcf["biogenicCO2Uptake"] == "-1.1"
    assert pcf["pcfIncludingBiogenicUptake"] == "0.7001152961"
    assert "landManagementBiogenicCO2Emissions" not in pcf
    assert record()["pcf"]["landManagementBiogenicCO2Emissions"] == "0"


def test_v7_the_two_identities():
    """Method V7: parts of 5, 0.5, 0.2, 1, 0.1 and 0.1 make 6.9, with an uptake of 0.5 6.4."""
    parts = {
        "fossilGhgEmissions": "5",
        "landUseChangeGhgEmissions": "0.5",
        "landManagementBiogenicCO2Emissions": "0.2",
        "biogenicNonCO2Emissions": "1.2",
        "biogenicCO2Uptake": "-0.5",
        "biogenicCarbonContent": "0.1363636364",
        "pcfExcludingBiogenicUptake": "6.9",
    }
    assert problems_of(record(**parts, pcfIncludingBiogenicUptake="6.4")) == []
    wrong = problems_of(record(**parts, pcfIncludingBiogenicUptake="6.3999999999"))
    assert [problem.rule for problem in wrong] == ["S3"]


OTHER = "ea7435f8-76e1-5a61-9fc1-6f3a7e017aa5"
MINE = "44e61171-8c09-5225-93d4-3148d05ecee1"


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("schema", {"companyIds": []}),
        ("schema", {"companyIds": ["mill"]}),
        ("schema", {"id": "44e61171"}),
        ("schema", {"created": "2022-05-01"}),
        ("schema", {"primaryDataShare": 23.5}),
        ("schema", {"geographyCountry": "CN"}),
        ("schema", {"fossilCarbonContent": None}),
        ("S1", {"fossilGhgEmissions": "abc0.5"}),
        ("S1", {"fossilGhgEmissions": "1e3"}),
        ("S1", {"fossilGhgEmissions": "-1"}),
        ("S1", {"biogenicCO2Uptake": "0.1"}),
        ("S1", {"declaredUnitAmount": "0"}),
        ("S2", {"landUseChangeGhgEmissions": "0.0000000001"}),
        ("S3", {"pcfIncludingBiogenicUptake": "1.8001152962"}),
        ("S4", {"biogenicCarbonContent": "0.001"}),
        ("S5", {"fossilCarbonContent": "0.7"}),
        ("S6", {"recycledCarbonContent": "0.63"}),
        ("S7", {"primaryDataShare": "100.1"}),
        (
            "S8",
            {
                "dqi": {
                    f"{name}DQR": "0.9" for name in ("technological", "geographical", "temporal")
                }
            },
        ),
        ("S9", {"exemptedEmissionsPercent": "3.01"}),
        ("S9", {"exemptedEmissionsPercent": "-0.1"}),
        ("S10", {"validityPeriodStart": "2021-12-31T00:00:00Z"}),
        ("S10", {"validityPeriodEnd": "2025-01-01T00:00:01Z"}),
        ("S10", {"created": "2021-12-31T00:00:00Z"}),
        ("S11", {"referencePeriodStart": "2021-07-01T00:00:00Z"}),
        ("S13", {"packagingEmissionsIncluded": False}),
        ("S13", {"technologicalCO2CaptureOrigin": "a mill"}),
        ("S14", {"precedingPfIds": [MINE]}),
        ("S16", {"productOrSectorSpecificRules": [{"operator": "Other", "ruleNames": ["x"]}]}),
        ("S17", {"ipccCharacterizationFactors": ["AR3"]}),
        ("S18", {"crossSectoralStandards": ["ISO9001"]}),
        ("S19", {"productMassPerDeclaredUnit": "1.004"}),
        ("S20", {"aircraftGhgEmissions": "1.79"}),
    ],
)
def test_a_broken_rule_is_named(rule, changes):
    found = {problem.rule for problem in problems_of(record(**changes))}
    assert rule in found


def test_two_geographies_are_refused_by_the_rule_as_by_the_schema():
    whole = record(geographyCountry="CN")
    assert list(RULES["S12"](whole, RecordContext()))


@pytest.mark.parametrize(
    ("rule", "context"),
    [
        ("S14", {"previous": record(id=OTHER, status="Deprecated")}),
        ("S15", {"active_ids": (OTHER,)}),
        ("S21", {"previous": record(pcfExcludingBiogenicUptake="1.6")}),
        ("S22", {"stages": {"manufacture": Decimal("1.80011530")}, "total": FOOTPRINT.total}),
        ("S23", {"total": Decimal("1.80011530")}),
    ],
)
def test_a_record_is_judged_against_its_marts_and_predecessors(rule, context):
    assert rule in {problem.rule for problem in problems_of(record(), RecordContext(**context))}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fossil_carbon": None, "recycled_carbon": None}, "carbon content is not known"),
        ({"recycled_carbon": None}, "recycled content is not known"),
        ({"declared_unit": "piece"}, "the mass of one is not known"),
        ({"quality": {}}, "data quality is not known"),
        (
            {"exemptions": [{**FOOTPRINT.exemptions[0], "upper_bound_kgco2e": None}]},
            "soap of spin is left out without an upper bound",
        ),
    ],
)
def test_what_the_data_model_requires_is_asked_for(changes, words):
    with pytest.raises(NotWritableError, match=words):
        content_of(COMPANY, replace(FOOTPRINT, **changes))


@pytest.fixture
def give(tmp_path, monkeypatch):
    """Exchanges a footprint into one registry, under a release of its own; returns the outcome."""
    source = FiguresSource(tmp_path / "marts.duckdb", Lake(tmp_path), tmp_path / "exchange")
    monkeypatch.setattr(exchanging, "read_company", lambda _: COMPANY)

    def give(footprint: Footprint = FOOTPRINT, reason: str = "", release: int = 1):
        has_history = source.marts.exists()
        published = replace(
            RELEASE,
            name=f"round 2022-04, release {release}",
            release=f"2022-04 r{release}" if has_history else None,
        )
        monkeypatch.setattr(exchanging, "read_footprints", lambda *_: [footprint])
        monkeypatch.setattr(exchanging, "read_publication", lambda _: published)
        (outcome,) = exchanging.exchange(source, "market_based", reason=reason)
        return outcome

    return give


def scaled(ratio: str) -> Footprint:
    factor = Decimal(ratio)
    return replace(
        FOOTPRINT,
        total=FOOTPRINT.total * factor,
        fossil=FOOTPRINT.fossil * factor,
        biogenic=FOOTPRINT.biogenic * factor,
        stages={name: value * factor for name, value in FOOTPRINT.stages.items()},
    )


def stored(outcome) -> dict:
    return json.loads(outcome.path.read_text(encoding="utf-8"))


def test_the_same_content_keeps_its_id_whichever_release_says_it(give):
    first, again = give(), give(release=2)
    assert (first.state, again.state) == (WRITTEN, UNCHANGED)
    assert first.path == again.path
    assert "round 2022-04, release 1." in stored(again)["comment"]


def test_a_change_makes_a_new_id_and_deprecates_the_old_in_nothing_but_its_status(give):
    first = give()
    before = stored(first)
    second = give(scaled("1.05"), release=2)
    assert second.state == WRITTEN
    assert stored(first) == before | {"status": "Deprecated"}
    assert stored(second)["precedingPfIds"] == [before["id"]]
    assert "(+5.0 %)" in stored(second)["comment"]

    back = give(release=3)  # what was said first is said again, by a third record
    assert back.state == WRITTEN
    assert stored(back)["precedingPfIds"] == [before["id"], stored(second)["id"]]
    assert stored(back)["id"] not in stored(back)["precedingPfIds"]
    states = [json.loads(path.read_text())["status"] for path in back.path.parent.glob("*-*.json")]
    assert sorted(states) == ["Active", "Deprecated", "Deprecated"]


def test_a_change_of_a_tenth_needs_a_reason(give):
    first = give()
    refused = give(scaled("1.1"), release=2)
    assert [problem.rule for problem in refused.problems] == ["S21"]
    assert stored(first)["status"] == "Active"

    told = give(scaled("1.1"), "the boiler burned coal", release=2)
    assert told.state == WRITTEN
    assert "Why: the boiler burned coal" in stored(told)["comment"]


def test_a_record_that_breaks_a_rule_is_not_written(give, tmp_path):
    outcome = give(replace(FOOTPRINT, total=Decimal("1.9")))
    assert outcome.state == REFUSED
    assert {problem.rule for problem in outcome.problems} == {"S22", "S23"}
    assert not (tmp_path / "exchange").exists()


def test_a_run_that_died_before_the_history_is_done_over_with_the_same_id(give):
    give()
    second = give(scaled("1.05"), release=2)
    history = second.path.with_name("history.json")
    entries = json.loads(history.read_text())
    history.write_text(json.dumps(entries[:1]))

    again = give(scaled("1.05"), release=2)
    assert (again.state, again.path) == (WRITTEN, second.path)
    assert [entry["id"] for entry in json.loads(history.read_text())] == [
        entry["id"] for entry in entries
    ]


# --- why a figure changed -----------------------------------------------------------------

PARTS = ("data", "correction", "factor", "method", "boundary")


def marts_with_history(path, *changes):
    """Restatements of fibre 2021: (older, newer, part of each cause)."""
    parts = ", ".join(f"{name}_change double" for name in PARTS)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as m; create schema m.marts; use m.marts")
        connection.execute(
            "create table restatements (older_release text, newer_release text, figure_kind text, "
            f"product_id text, reference_period text, method text, basis text, measure text, "
            f"{parts})"
        )
        for older, newer, *values in changes:
            for measure, ratio in (("kgco2e_per_declared_unit", 1), ("fossil", 0.5)):
                key = ["product", "fibre", "2021", "cut_off", "market_based", measure]
                row = [older, newer, *key, *(ratio * value for value in values)]
                marks = ", ".join("?" * len(row))
                connection.execute(f"insert into restatements values ({marks})", row)
    return path


def why(marts, since, until, change):
    given = (marts, "fibre", "2021", "market_based", since, until, Decimal(change))
    return reason_since(*given)


def test_a_change_is_explained_by_its_causes(tmp_path):
    marts = marts_with_history(
        tmp_path / "marts.duckdb",
        ("R r1", "R r2", 0, 0.2, 0, 0, 0),
        ("R r2", "R r3", 0, 0.05, -0.01, 0, 0),
    )
    assert why(marts, "R r1", "R r3", "0.24") == (
        "changed since R r1: corrected activity data +0.250000 kgCO2e, "
        "emission factors -0.010000 kgCO2e."
    )
    assert "data +0.050000 kgCO2e, emission" in why(marts, "R r2", "R r3", "0.04")


def test_amounts_are_told_only_where_they_make_the_exchanged_change(tmp_path):
    marts = marts_with_history(tmp_path / "marts.duckdb", ("R r1", "R r2", 0, 0.2, 0.1, 0, 0))
    told = "changed since R r1: corrected activity data, emission factors."
    assert why(marts, "R r1", "R r2", "0.2999") == told  # distribution changed as well


def test_what_no_chain_of_releases_explains_is_left_to_a_person(tmp_path):
    marts = marts_with_history(
        tmp_path / "marts.duckdb",
        ("R r1", "R r2", 0, 0.2, 0, 0, 0),
        ("S r1", "S r2", 0, 0.2, 0, 0, 0),
    )
    assert why(marts, "R r1", "S r2", "0.4") == ""
    assert why(marts, "R r2", "R r1", "-0.2") == ""
    assert why(marts, "Q r1", "R r2", "0.2") == ""


def test_a_record_of_a_release_says_why_by_itself(give, tmp_path):
    marts_with_history(
        tmp_path / "marts.duckdb",
        ("2022-04 r1", "2022-04 r2", 0.36, 0, 0, 0, 0),
        ("2022-04 r2", "2022-04 r3", 0, 0, 0, -0.36, 0),
    )
    give()
    second = give(scaled("1.2"), release=2)
    assert second.state == WRITTEN  # a fifth more, and nobody had to say why
    assert "Why: changed since 2022-04 r1: activity data." in stored(second)["comment"]
    assert second.reason in stored(second)["comment"]

    third = give(release=3, reason="the method of 2021 again")
    assert "Why: the method of 2021 again" in stored(third)["comment"]
    assert "calculation method" not in stored(third)["comment"]


def test_the_asset_exchanges_the_newest_release_of_its_round(monkeypatch, tmp_path):
    (folder := tmp_path / "releases" / "2022-04" / "r2" / "accepted").mkdir(parents=True)
    (folder.parent / "manifest.json").write_text('{"files": {}}')
    footprints = [FOOTPRINT, replace(FOOTPRINT, product_id="yarn", total=Decimal("1.9"))]
    company = replace(COMPANY, products={**COMPANY.products, "yarn": COMPANY.products["fibre"]})
    monkeypatch.setattr(exchanging, "read_company", lambda _: company)
    monkeypatch.setattr(exchanging, "read_footprints", lambda *_: footprints)
    monkeypatch.setattr(exchanging, "read_publication", lambda _: RELEASE)
    rounds = dagster.StaticPartitionsDefinition(["2022-04", "2022-05"])

    def materialized(round_: str):
        return dagster.materialize(
            [exchange_asset(rounds)],
            partition_key=round_,
            resources={"folders": Folders(data=str(tmp_path), warehouse=str(tmp_path))},
            raise_on_error=False,
        )

    done = materialized("2022-04")
    assert done.success
    (written,) = (tmp_path / "exchange").glob("*/*/*-*.json")
    assert written.parent.parent.name == "fibre"
    (shown,) = done.asset_materializations_for_node("releases__exchange")
    assert shown.metadata["release"].value == "2022-04 r2"
    assert (shown.metadata["written"].value, shown.metadata["refused"].value) == (1, 1)
    (check,) = done.get_asset_check_evaluations()
    assert not check.passed
    assert "yarn 2021, S22" in check.metadata["problems"].value

    assert not materialized("2022-05").success


def test_a_record_whose_validity_ended_is_said_to_be_past_use(tmp_path):
    """A footprint is valid for three years, and Active for as long as nothing replaces it."""
    record = {"status": "Active", "validityPeriodEnd": "2025-01-01T00:00:00Z"}
    written = Outcome("fibre", "2021", WRITTEN, record=record, path=tmp_path / "record.json")
    refused = Outcome("flake", "2021", REFUSED, record=record)
    told = StringIO()
    console = Console(file=told, width=200)
    print_expired(console, [written, refused], date(2024, 12, 31))
    assert told.getvalue() == ""
    print_expired(console, [written, refused], date(2025, 1, 1))
    assert "fibre 2021: valid until 2024-12-31, which is past" in told.getvalue()
    assert "flake" not in told.getvalue()


@pytest.mark.parametrize(("made_on", "is_said"), [("2024-12-31", False), ("2025-01-01", True)])
def test_a_record_made_after_its_validity_says_so_itself(give, monkeypatch, made_on, is_said):
    """A period of 2021 is valid until 2025 at most, whenever its record is made."""
    monkeypatch.setattr(
        "tests.unit.test_exchange.RELEASE", replace(RELEASE, made_on=date.fromisoformat(made_on))
    )
    outcome = give()
    assert (outcome.state, stored(outcome)["status"]) == (WRITTEN, "Active")
    assert ("EXPIRED WHEN MADE" in stored(outcome)["comment"]) == is_said
