"""Parses PowerShell programs: a JSON list of texts in, a JSON list of what is in each out."""

import json
import sys

import tree_sitter
import tree_sitter_powershell

NAMES = {"command_name": "commands", "function_name": "functions", "string_literal": "strings", "variable": "variables"}


def parsed(parser, text):
    found = {"faults": [], "statements": 0, **{key: [] for key in NAMES.values()}}
    nodes = [parser.parse(text.encode()).root_node]
    while nodes:
        node = nodes.pop()
        if node.type == "ERROR" or node.is_missing:
            line = text.splitlines()[node.start_point[0] : node.start_point[0] + 1]
            found["faults"].append(f"line {node.start_point[0] + 1}: {node.type}: {''.join(line)[:160]}")
        elif node.type in NAMES:
            found[NAMES[node.type]].append(node.text.decode())
        if node.type == "statement_list" and node.parent.type == "program":
            found["statements"] = node.named_child_count
        nodes.extend(reversed(node.children))
    return found


def main():
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    json.dump([parsed(parser, text) for text in json.load(sys.stdin)], sys.stdout)


main()
