# Hostile outlets against the conformance command: tests/conform/cases_form.py.
exec python3 -B "$SRC/tests/conform/run.py" form
