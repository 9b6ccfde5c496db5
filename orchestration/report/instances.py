"""Which pages there are: one file may stand for a page a year, a round, or a product and year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.report.marts import Marts
from orchestration.report.names import Names
from orchestration.report.page_source import Page

YEARS = """
select inventory_year as year, max(month_count) as months
from facility_inventory
group by inventory_year
order by year
"""
ROUNDS = "select distinct round from round_status order by round"
PRODUCT_YEARS = """
select product_id, cast(reference_period as integer) as year, month_count as months
from product_properties
where length(reference_period) = 4
order by product_id, year
"""
RELEASES = """
select distinct release, round, release_number, cast(released_on as varchar) as released_on
from as_reported
where release <> 'preliminary'
order by round, release_number
"""
PUBLICATION = "select * from publication"
PRELIMINARY = "preliminary"
FULL_YEAR = 12


@dataclass(frozen=True)
class Instance:
    """A page with its parameters, and the file it becomes."""

    page: Page
    parameters: Mapping[str, Any]
    file: str

    def choice(self, names: Names, language: str) -> str:
        """What tells it apart from its siblings."""
        if "year" in self.parameters:
            months = self.parameters["months"]
            year = str(self.parameters["year"])
            if months == FULL_YEAR:
                return year
            return names.word("part_of_a_year", language).format(year=year, months=months)
        return str(self.parameters.get("round", ""))

    def title(self, names: Names, language: str) -> str:
        """Title of the page."""
        title = self.page.title[language]
        if "product_id" in self.parameters:
            title = names.shown("product_id", self.parameters["product_id"], language)
        choice = self.choice(names, language)
        return f"{title}{names.word('comma', language)}{choice}" if choice else title


def instances_of(page: Page, marts: Marts) -> list[Instance]:
    """Every page that a file stands for; none where the marts hold nothing for it."""
    every = _every_instance(page, marts)
    if not page.needs:
        return every
    name, sql = f"{page.name}.{page.needs}", page.queries[page.needs]
    return [one for one in every if marts.run(name, sql, one.parameters).rows]


def _every_instance(page: Page, marts: Marts) -> list[Instance]:
    shared = compared_releases(marts)
    if page.each == "year":
        rows = marts.run("years", YEARS).records()
        return [Instance(page, row | shared, f"{page.name}-{row['year']}.html") for row in rows]
    if page.each == "round":
        rows = marts.run("rounds", ROUNDS).records()
        return [Instance(page, row | shared, f"{page.name}-{row['round']}.html") for row in rows]
    if page.each == "product_year":
        rows = marts.run("product_years", PRODUCT_YEARS).records()
        return [
            Instance(page, row | shared, product_file(row["product_id"], row["year"]))
            for row in rows
        ]
    newest = chosen_year(marts)
    return [Instance(page, {"newest_year": newest or 0} | shared, f"{page.name}.html")]


def compared_releases(marts: Marts) -> dict[str, str]:
    """What is shown and the release before it, as `as_reported` calls them.

    `older_release` and `released_on` (of the older one) are empty where there is none.
    """
    shown = marts.run("publication", PUBLICATION).records()[0]
    order = (shown["round"], shown["release_number"])
    is_released = shown["release_number"] is not None
    before = [
        row
        for row in marts.run("releases", RELEASES).records()
        if not is_released or (row["round"], row["release_number"]) < order
    ]
    older = before[-1] if before else {"release": "", "released_on": ""}
    return {
        "older_release": older["release"],
        "released_on": older["released_on"],
        "newer_release": f"{order[0]} r{order[1]}" if is_released else PRELIMINARY,
    }


def product_file(product_id: str, year: int) -> str:
    """File of a product's page."""
    return f"product-{product_id}-{year}.html"


def chosen_year(marts: Marts) -> int | None:
    """The newest full year; the newest at all where none is full."""
    rows = marts.run("years", YEARS).records()
    full = [row["year"] for row in rows if row["months"] == FULL_YEAR]
    years = full or [row["year"] for row in rows]
    return years[-1] if years else None


def first_choice(instances: Sequence[Instance], marts: Marts) -> Instance:
    """Where the menu leads: the newest full year, else the newest."""
    year = chosen_year(marts)
    of_year = [one for one in instances if one.parameters.get("year") == year]
    return (of_year or list(instances))[0 if of_year else -1]
