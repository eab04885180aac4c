"""Writes a JUnit report of many cases."""

with open("report.xml", "w", encoding="utf-8") as out:
    out.write('<testsuite name="large" tests="45000">\n')
    for number in range(45_000):
        skipped = "<skipped message='not today'/>" if number % 100 == 0 else ""
        out.write(f'<testcase classname="pkg.mod{number % 50}" name="test_{number}" time="0.001">{skipped}</testcase>\n')
    out.write("</testsuite>\n")
