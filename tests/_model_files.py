"""Model files that are taken apart, changed and put together again."""

import hashlib
import io
import json
from zipfile import ZIP_DEFLATED, ZipFile

MEMBER, SCHEMA = "fmnist_sk.json", "schema.json"


def members_of(content):
    """Return the contents of an archive's members, by name."""
    with ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def model_file(members, *, with_digest=True):
    """Return the content of a model file, with a digest that fits or the old one."""
    if with_digest:
        about = json.loads(members[MEMBER])
        if "sha256" in about:
            about["sha256"] = digest_of(members)
        members = members | {MEMBER: json.dumps(about).encode()}
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def digest_of(members):
    """Return the digest of the members, as the format describes it."""
    lines = [
        f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n"
        for name in sorted(members)
        if name != MEMBER
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def edit(content, member, change, *, with_digest=True):
    """Change a JSON member of a model file: `change(document)` alters or returns it."""
    members = members_of(content)
    document = json.loads(members[member])
    changed = change(document)
    members[member] = json.dumps(document if changed is None else changed).encode()
    return model_file(members, with_digest=with_digest)
