#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The page and the tool show the library's sentences to people who write no C: none of them names a function.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v python3 >/dev/null; then
    echo "python3 is not installed"
    exit 77
fi
mapfile -t files < <(find src -name '*.[ch]' | sort)
python3 - "${files[@]}" <<'PYTHON'
import re
import sys

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|#\s*include[^\n]*|\'(?:\\.|[^\'\\])\'|"(?:\\.|[^"\\])*"', re.S)
sentences, wrong = 0, []
for path in sys.argv[1:]:
    for token in TOKEN.findall(open(path, encoding="utf-8").read()):
        text = token[1:-1]
        if not token.startswith('"') or "hd__" in text or re.fullmatch(r"\w*", text):
            continue
        sentences += " " in text
        if re.search(r"\bhd_[a-z]", text):
            wrong.append(f"{path}: {text}")
print("\n".join(wrong) or f"{sentences} sentences name no function of C")
if wrong or sentences < 1000:
    sys.exit(1)
PYTHON
