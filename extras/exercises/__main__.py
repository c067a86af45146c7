"""Write the keys of the exercises, from their files."""

import json
import sys
from pathlib import Path

from extras.exercises.keys import computed
from extras.exercises.reading import every

HOME = Path(__file__).parent

for exercise in every():
    key = HOME / exercise.id / "key.json"
    key.write_text(
        json.dumps(computed(exercise), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    print(key, file=sys.stderr)
