"""The one place that writes decisions: tables, migrations, named statements, lock, witness, outbox."""
