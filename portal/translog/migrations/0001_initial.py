"""The log moves from the chain of hashes in `intake` to a Merkle tree of its own; every entry keeps its index."""

from typing import Any

import django.core.validators
from django.db import migrations, models

import portal.translog.models
from benchmarks.wire.logged import Kind, hashed
from benchmarks.wire.merkle import Node, Tree, completed_by
from portal.translog.log import day_of

AT_ONCE = 5_000


def move(apps: Any, _editor: Any) -> None:
    """Read the chain's entries in their order and build the tree over them."""
    model = portal.translog.models.LogNode
    old = apps.get_model("intake", "LogEntry").objects.order_by("index")
    entries, nodes, head = (apps.get_model("translog", name) for name in ("LogEntry", "LogNode", "LogHead"))
    tree = Tree()
    new_entries: list[Any] = []
    new_nodes: list[Any] = []

    def write() -> None:
        entries.objects.bulk_create(new_entries)
        nodes.objects.bulk_create(new_nodes)
        new_entries.clear()
        new_nodes.clear()

    for index, row in enumerate(old.iterator()):
        if row.index != index:
            raise ValueError(f"The log's entry {index} is missing: restore it from a backup before this release is installed.")
        tree.append(hashed(Kind(row.kind), bytes.fromhex(row.digest), day_of(row.appended_at)))
        new_entries.append(entries(index=index, kind=row.kind, digest=row.digest, appended_at=row.appended_at))
        grown = [Node(0, index), *completed_by(index)]
        new_nodes.extend(nodes(number=model.number_of(node), hash=tree.node(node)) for node in grown)
        if len(new_entries) == AT_ONCE:
            write()
    write()
    if len(tree):
        head.objects.create(pk=1, size=len(tree))


class Migration(migrations.Migration):
    initial = True

    dependencies = [("intake", "0002_commitments")]

    operations = [
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                ("index", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=portal.translog.models.kinds, max_length=32)),
                (
                    "digest",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator("^[0-9a-f]{64}\\Z", "64 hexadecimal digits, lower case.")
                        ],
                    ),
                ),
                ("appended_at", models.DateTimeField()),
            ],
            options={"ordering": ("index",), "abstract": False},
        ),
        migrations.CreateModel(
            name="LogHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="LogNode",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={"abstract": False},
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
