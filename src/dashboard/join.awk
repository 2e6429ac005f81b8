# SPDX-License-Identifier: MIT
# Joins the modules of the page into one, so that a browser asks for one file and not for each module in turn:
#   awk -f src/dashboard/join.awk src/dashboard/web/app.js
# Each module becomes a function that is called at once and returns what the module exports. It comes after the modules
# that it imports. A module must have each import, and the name of each export, on one line.

function refuse(path, line) {
    printf "%s: join.awk cannot read this line: %s\n", path, line >"/dev/stderr"
    exit 1
}

# "views/../api.js" is "api.js".
function plain(path) {
    gsub(/\/\.\//, "/", path)
    while (sub(/[^\/]+\/\.\.\//, "", path))
        continue
    return path
}

# The file that a line of the module at this path imports from.
function source(line, path) {
    sub(/.* from '/, "", line)
    sub(/'.*/, "", line)
    sub(/[^\/]*$/, "", path)
    return plain(path line)
}

# What stands for an import of module number n.
function imported(line, n) {
    sub(/^import /, "", line)
    sub(/ from '.*/, "", line)
    if (sub(/^\* as /, "", line))
        return "const " line " = m" n
    gsub(/ as /, ": ", line)
    return "const " (line ~ /^\{/ ? line : "{ default: " line " }") " = m" n
}

# What stands for an export; its name is added to those of the module.
function exported(line, path,   name) {
    if (sub(/^export default function *[A-Za-z0-9_]*\(/, "function main(", line)) {
        names[path] = names[path] " default: main,"
        return line
    }
    if (sub(/^export default /, "const main = ", line)) {
        names[path] = names[path] " default: main,"
        return line
    }
    sub(/^export /, "", line)
    name = line
    if (!sub(/^(async )?(const|function|class) /, "", name))
        refuse(path, line)
    sub(/[^A-Za-z0-9_$].*/, "", name)
    names[path] = names[path] " " name ","
    return line
}

function load(path,   line, from, body) {
    number[path] = "?"
    while ((getline line <path) > 0) {
        if (line ~ /^import .* from '/) {
            from = source(line, path)
            if (!(from in number))
                load(from)
            if (number[from] == "?")
                refuse(path, line) # a circle
            line = imported(line, number[from])
        } else if (line ~ /^import/) {
            refuse(path, line)
        } else if (line ~ /^export /) {
            line = exported(line, path)
        }
        body = body line "\n"
    }
    close(path)
    if (body == "")
        refuse(path, "(none)")
    number[path] = ++count
    printf "const m%d = (() => {\n%sreturn {%s }\n})()\n", count, body, names[path]
}

BEGIN {
    load(plain(ARGV[1]))
}
