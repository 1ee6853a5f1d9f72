"""The made-up shop's people, goods and habits; `app.demo_data` writes them as export files."""
