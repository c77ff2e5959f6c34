"""Compares an answer on the wire with AWS's own description of the service.

botocore's parsers, like those of the other SDKs, pass over what they do not know,
so that a misspelt element would look like one that is absent. This looks at the
answer before they do.
"""

import json
import re
import xml.etree.ElementTree as ElementTree

SCALARS = {
    "boolean": re.compile(r"true|false"),
    "integer": re.compile(r"-?\d+"),
    "long": re.compile(r"-?\d+"),
    "float": re.compile(r"-?\d+(\.\d+)?"),
    "double": re.compile(r"-?\d+(\.\d+)?"),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"),
}

# What the service answers though its model has another spelling: captures of EC2
# show <platform>windows</platform>.
SEEN = {"PlatformValues": {"windows"}}


class Model:
    """Collects what the model does not know, by the record of the call."""

    def begin(self, record):
        self.unknown = record["unknown"] = []

    def check(self, operation_model, response_dict, **_):
        shape = operation_model.output_shape
        if response_dict["status_code"] >= 300 or shape is None:
            return
        if operation_model.service_model.resolved_protocol in ("json", "rest-json"):
            self.walk_json(shape, json.loads(response_dict["body"]), operation_model.name)
            return
        root = ElementTree.fromstring(response_dict["body"])
        if tag(root) != operation_model.name + "Response":
            self.unknown.append("root element " + tag(root))
        wrapper = shape.serialization.get("resultWrapper")
        if wrapper:
            self.expect(root, {wrapper, "ResponseMetadata"}, operation_model.name)
            root = next((c for c in root if tag(c) == wrapper), None)
        if root is not None:
            self.structure(shape, root, operation_model.name, {"requestId"} if not wrapper else set())

    def expect(self, node, known, path):
        for child in node:
            if tag(child) not in known:
                self.unknown.append(f"{path}: element {tag(child)}")

    def structure(self, shape, node, path, also=frozenset()):
        members = {}
        for name, member in shape.members.items():
            members[member.serialization.get("name", name)] = member
        self.expect(node, set(members) | also, path)
        seen = set()
        for child in node:
            name = tag(child)
            if name in seen:
                self.unknown.append(f"{path}: {name} twice")
            seen.add(name)
            if name in members:
                self.walk_xml(members[name], child, f"{path}.{name}")

    def walk_xml(self, shape, node, path):
        if shape.type_name == "structure":
            self.structure(shape, node, path)
        elif shape.type_name == "list":
            item = shape.member.serialization.get("name", "member")
            self.expect(node, {item}, path)
            for child in node:
                self.walk_xml(shape.member, child, path)
        elif len(node):
            self.unknown.append(f"{path}: elements in a {shape.type_name}")
        else:
            self.scalar(shape, node.text or "", path)

    def walk_json(self, shape, value, path):
        if value is None:
            return
        if shape.type_name == "structure":
            for name in value:
                if name not in shape.members:
                    self.unknown.append(f"{path}: member {name}")
                else:
                    self.walk_json(shape.members[name], value[name], f"{path}.{name}")
        elif shape.type_name == "list":
            for member in value:
                self.walk_json(shape.member, member, path)
        elif shape.type_name == "map":
            for member in value.values():
                self.walk_json(shape.value, member, path)
        elif shape.type_name == "string":
            self.scalar(shape, value, path)
        elif isinstance(value, str) and shape.type_name != "blob":
            self.unknown.append(f"{path}: {value!r} is no {shape.type_name}")

    def scalar(self, shape, text, path):
        enum = getattr(shape, "enum", None)
        if enum and text not in enum and text not in SEEN.get(shape.name, ()):
            self.unknown.append(f"{path}: {text!r} is not in {sorted(enum)[:8]}")
        pattern = SCALARS.get(shape.type_name)
        if pattern and not pattern.fullmatch(text):
            self.unknown.append(f"{path}: {text!r} is no {shape.type_name}")


def tag(node):
    return node.tag.rpartition("}")[2]
