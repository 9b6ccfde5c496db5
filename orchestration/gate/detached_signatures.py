"""Detached signatures by ssh keys, made and checked by OpenSSH's own `ssh-keygen -Y`.

A signature is about bytes in a namespace, so that one of a sign-off is none of a release. Who may
sign stands in a text of *allowed signers*: a name and a public key a line, as ssh-keygen(1) and git
read it, which makes every signature checkable without this program.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

PROGRAM = "ssh-keygen"
NEEDED = f"{PROGRAM} of OpenSSH 8.2 or newer"
TIMEOUT_SECONDS = 300
"""Long enough for a passphrase, or a key that wants to be touched."""

ARMOUR = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
LINE = 70


class SignatureError(Exception):
    """Nothing was signed: the key can't be used, or the program is missing."""


def is_available() -> bool:
    """Whether signatures can be made and checked on this machine."""
    return shutil.which(PROGRAM) is not None


def signed(key: Path, namespace: str, messages: Sequence[bytes]) -> list[str]:
    """A signature of each message, in one line; a passphrase is asked for once.

    `key`: the private key, or the public one where an agent or a token holds its other half.

    Raises:
        SignatureError: the key can't be used, or ssh-keygen is missing.
    """
    if not is_available():
        raise SignatureError(f"{NEEDED} is needed to sign and was not found.")
    if not key.expanduser().is_file():
        raise SignatureError(f"{key} is no file. Name the key, such as ~/.ssh/id_ed25519.")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(messages))]
        for file, message in zip(files, messages, strict=True):
            file.write_bytes(message)
        command = [PROGRAM, "-Y", "sign", "-f", str(key.expanduser()), "-n", namespace]
        done = subprocess.run(
            [*command, *map(str, files)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            text=True, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SignatureError(f"{key} can't sign: {' '.join(done.stderr.split())}")
        return [
            unarmoured(file.with_name(f"{file.name}.sig").read_text(encoding="ascii"))
            for file in files
        ]


def unarmoured(text: str) -> str:
    """A signature as it stands in a cell: one line, without the lines around it."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(line for line in lines if not line.startswith("-----"))


def armoured(signature: str) -> str:
    """A signature as a file, as ssh-keygen reads it."""
    lines = [signature[start : start + LINE] for start in range(0, len(signature), LINE)]
    return "\n".join([ARMOUR[0], *lines, ARMOUR[1], ""])


@lru_cache(maxsize=4096)
def is_signed_by(
    allowed_signers: str, signer: str, namespace: str, message: bytes, signature: str
) -> bool:
    """Whether a signer whose key is listed signed exactly these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        listed, detached = Path(folder) / "allowed_signers", Path(folder) / "signature"
        listed.write_text(allowed_signers, encoding="utf-8")
        detached.write_text(armoured(signature), encoding="utf-8")
        done = subprocess.run(
            [
                PROGRAM, "-Y", "verify", "-f", str(listed), "-I", signer,
                "-n", namespace, "-s", str(detached),
            ],
            input=message, capture_output=True, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    return done.returncode == 0
