"""Run with: python3 -m unittest"""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from job import count_run


class CountRunTest(unittest.TestCase):
    def test_counts_from_one(self):
        with TemporaryDirectory() as folder:
            self.assertEqual([count_run(folder), count_run(folder)], [1, 2])

    def test_refuses_what_is_no_number(self):
        with TemporaryDirectory() as folder:
            Path(folder, "runs").write_text("many\n")
            self.assertRaises(ValueError, count_run, folder)


if __name__ == "__main__":
    unittest.main()
