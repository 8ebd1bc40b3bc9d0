"""Alembic's entry: runs the migrations on the connection `helpdesk.migrating` hands over."""

from alembic import context

from helpdesk import migrating


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=migrating.metadata(),
        include_name=lambda name, kind, _parents: migrating.is_ours(name, kind),
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


run()
