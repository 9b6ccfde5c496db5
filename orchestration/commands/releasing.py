"""Commands about what was reported: release it, verify it, compare two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with
from orchestration.commands.interrupting import interruptible
from orchestration.commands.options import (
    KEY,
    AllowedSignersOption,
    DataOption,
    GwpSetOption,
    NewerReleaseArgument,
    OlderReleaseArgument,
    PersonOption,
    ReleaseArgument,
    RoundOption,
    WarehouseOption,
    known_gwp_set,
)
from orchestration.lake.places import DATA, WAREHOUSE


@ends_with(
    {
        PASSED: "released, or released before with the same content",
        REFUSED: "something is missing, or the report or documents of the release can't be "
        "written; all of it is listed. Without a release nothing was changed",
        BROKEN: "the data folder or the command is broken",
    }
)
@interruptible()
def release(
    round_name: RoundOption,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    gwp_set: GwpSetOption = "",
) -> None:
    """Release a round: signed, complete, and never changed again.

    Reads what was accepted up to that round, the sign-offs and the waivers, and calculates every
    figure anew from them.

    Writes `releases/ROUND/r1` of the warehouse, read-only, with the SHA-256 of every file; the next
    one with other content is `r2`. `published/` and `report/` show the newest release from then on.

    Examples:

        carbonloom release --round ROUND
    """
    from orchestration.commands.release_summary import print_release
    from orchestration.company.data_folder import CompanyDataError

    be_quiet()
    gwp_set = known_gwp_set(data, gwp_set)
    try:
        released = print_release(Console(), data, warehouse, round_name, gwp_set)
    except CompanyDataError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if released else REFUSED)


@ends_with(
    {
        PASSED: "nothing differs",
        REFUSED: "what differs is listed",
        BROKEN: "the folder is no release",
    }
)
@interruptible()
def verify(
    folder: ReleaseArgument,
    allowed_signers: AllowedSignersOption = None,
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Calculate the lines of its sample by hand instead."),
    ] = False,
) -> None:
    """Check every byte of a release, and calculate every figure again from the release alone.

    Reads the release and nothing else, offline; writes nothing. Other code than the one that
    released it is said, and the figures are compared all the same. Signatures are checked by the
    keys in the release, or by those of `--allowed-signers`, which you have from elsewhere.

    With `--sample`, each line of `audit/sample.csv` is calculated by hand instead: what was typed,
    times what it is multiplied with, times the factor.

    Examples:

        carbonloom verify RELEASE
        carbonloom verify --sample RELEASE
        carbonloom verify RELEASE --allowed-signers FILE
    """
    from orchestration.commands.release_summary import print_sample, print_verification
    from orchestration.release.verifying import NotAReleaseError

    if sample and allowed_signers is not None:
        raise broken("--sample checks no signatures: leave out --allowed-signers, or --sample.")
    be_quiet()
    try:
        if sample:
            sound = print_sample(Console(), folder)
        else:
            sound = print_verification(Console(), folder, allowed_signers)
    except NotAReleaseError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if sound else REFUSED)


@ends_with(
    {
        PASSED: "signed",
        BROKEN: "no release, not theirs to sign, or no key of theirs; nothing was written",
    }
)
def seal(
    folder: ReleaseArgument,
    person: PersonOption,
    key: Annotated[Path, KEY],
    allowed_signers: AllowedSignersOption = None,
) -> None:
    """Sign the manifest of a release, which names every file of it by its SHA-256.

    Reads the release. Writes `signatures/PERSON.sig` in it, which `verify` checks; nothing else of
    it changes. Who may approve the round may sign it.

    Examples:

        carbonloom seal RELEASE --person PERSON --key ~/.ssh/id_ed25519
    """
    from orchestration.release.sealing import SealError
    from orchestration.release.sealing import seal as sealed

    try:
        signature = sealed(folder, person, key, allowed_signers)
    except SealError as error:
        raise broken(str(error)) from None
    Console().print(f"signed: {signature}", markup=False, highlight=False, soft_wrap=True)


@ends_with(
    {
        PASSED: "compared",
        BROKEN: "a folder is no release",
    }
)
@interruptible()
def compare(
    older: OlderReleaseArgument,
    newer: NewerReleaseArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write every figure and reason there, as CSV."),
    ] = None,
) -> None:
    """Say by how much every figure moved from one release to another, and why.

    The change of each figure is split into data, correction, factor, method and boundary, which add
    up to it. Reads the two releases; writes nothing but the files of `--out`.

    Examples:

        carbonloom compare OLDER NEWER
        carbonloom compare OLDER NEWER --out FOLDER
    """
    from orchestration.commands.restatement_on_screen import NotComparableError, print_comparison

    be_quiet()
    try:
        print_comparison(Console(), older, newer, out)
    except NotComparableError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED)
