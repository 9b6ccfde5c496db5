"""Documents of one publication or release: which there are, set as HTML and PDF."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from orchestration.lake.paths import sha256_of_file
from orchestration.progress import doing
from orchestration.report.documents.html import html_of
from orchestration.report.documents.parts import document_of, stem_of
from orchestration.report.documents.pdf import pdf_of
from orchestration.report.documents.typst_markup import typst_source
from orchestration.report.documents.workbook import write_workbook
from orchestration.report.documents.writing import WantedDocuments
from orchestration.report.instances import FULL_YEAR, Instance, chosen_year, instances_of
from orchestration.report.marts import Marts
from orchestration.report.names import Names
from orchestration.report.page_source import LANGUAGES, PageError, read_pages
from orchestration.report.site import Site

SOURCES = Path(__file__).parent
MANIFEST, WORKBOOK = "manifest.json", "marts.xlsx"


def write_documents(
    marts_folder: Path, company: Path, out: Path, wanted: WantedDocuments
) -> list[Path]:
    """Write every wanted document into `out` in both languages, as HTML and PDF, and the workbook.

    `marts_folder`: a publication or release with marts.duckdb and manifest.json. `company`:
    accepted/company.

    Raises:
        PageError: a source, a query or a name is broken, or nothing is wanted that there is.
    """
    written = []
    with Marts(marts_folder, company) as marts:
        site = _site(marts, marts_folder, company)
        _refuse_unknown(site, wanted)
        for instance in _instances(site, wanted):
            for language in LANGUAGES:
                doing(stem_of(instance))
                document = document_of(site, instance, language)
                source = typst_source(document, site.names)
                for suffix, content in (
                    ("html", html_of(document, site.names).encode()),
                    ("pdf", pdf_of(source, site.publication["made_on"])),
                ):
                    target = out / f"{document.stem}.{suffix}"
                    target.write_bytes(content)
                    written.append(target)
        doing("the workbook")
        write_workbook(marts, site.names, site.publication, out / WORKBOOK)
        written.append(out / WORKBOOK)
    return written


def _refuse_unknown(site: Site, wanted: WantedDocuments) -> None:
    known = [one.parameters for instances in site.instances.values() for one in instances]
    years = {str(parameters["year"]) for parameters in known}
    products = {parameters.get("product_id") for parameters in known}
    for unknown in [
        *(year for year in wanted.years if year not in years),
        *(product for product in wanted.products if product not in products),
    ]:
        raise PageError(f"{unknown}: no figures of it are published there.")
    if not known:
        raise PageError("no year has figures there yet.")


def _instances(site: Site, wanted: WantedDocuments) -> Iterator[Instance]:
    usual = chosen_year(site.marts)
    for instances in site.instances.values():
        yield from (one for one in instances if _takes(wanted, one, usual))


def _takes(wanted: WantedDocuments, instance: Instance, usual: int | None) -> bool:
    """Whether a document is wanted; `usual` is the year where none is full."""
    year, product = instance.parameters["year"], instance.parameters.get("product_id")
    if product and wanted.products and product not in wanted.products:
        return False
    if wanted.years:
        return str(year) in wanted.years
    return instance.parameters["months"] == FULL_YEAR or year == usual


def _site(marts: Marts, folder: Path, company: Path) -> Site:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    label = marts.run("publication", "select * from publication").records()[0]
    return Site(
        marts=marts,
        names=Names(company),
        instances={page.name: instances_of(page, marts) for page in read_pages(SOURCES)},
        publication=label
        | {
            "manifest_sha256": sha256_of_file(folder / MANIFEST),
            "code_commit": manifest["versions"].get("code_commit"),
        },
        year=chosen_year(marts),
    )
