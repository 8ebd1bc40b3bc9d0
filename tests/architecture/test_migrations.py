"""Migrations: numbered, one line of them, and together they are what the models say."""

from __future__ import annotations

import ast
import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

from helpdesk import migrating, schema
from tests.architecture.source import modules


class TestMigrations:
    def test_follow_one_another_by_number(self) -> None:
        revisions = list(migrating.scripts().walk_revisions())[::-1]
        assert [one.revision for one in revisions] == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
        assert [one.down_revision for one in revisions] == [None, *[one.revision for one in revisions[:-1]]]
        for one in revisions:
            assert re.fullmatch(rf"{one.revision}_[a-z0-9_]+\.py", one.path.rpartition("/")[2])

    def test_end_where_the_head_file_says(self) -> None:
        assert (schema.newest(),) == migrating.heads()

    def test_are_what_the_models_say(self, fresh_database_url: str) -> None:
        engine = create_engine(fresh_database_url, poolclass=NullPool)
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={"include_name": lambda name, kind, _: migrating.is_ours(name, kind), "compare_type": True},
            )
            assert compare_metadata(context, migrating.metadata()) == []

    def test_look_at_every_module_that_declares_tables(self) -> None:
        named = {path.removesuffix(".py").replace("/", ".") for path, tree in modules().items() if _declares(tree)}
        assert sorted(named) == sorted(migrating.MODELS)

    def test_again_change_nothing(self, fresh_database_url: str) -> None:
        migrating.upgrade(fresh_database_url)
        migrating.upgrade(fresh_database_url)


def _declares(tree: ast.Module) -> bool:
    """Whether a class of the module is a table."""
    names = (one for node in ast.walk(tree) if isinstance(node, ast.Assign) for one in node.targets)
    return any(isinstance(one, ast.Name) and one.id == "__tablename__" for one in names)
