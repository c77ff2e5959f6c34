"""Reads back all that the local endpoint holds, with boto3's own parsers,
paginators and waiters, and prints it as JSON.

Standard input says which Regions to read, which actions the endpoint has, what to
ask about first and what to wait for (readOrder in readback_test.go). Every action
whose name starts with Describe, Get or List is called: without parameters where it
needs none, else for resources that were named or found before. The answers are
compared with botocore's model of the service as well: an element or a value of an
enumeration that AWS's own description does not know is listed under "unknown".
"""

import base64
import datetime
import itertools
import json
import sys

import boto3
from botocore.exceptions import ClientError

from readback_model import Model

# Services that are of no Region, read once.
GLOBAL = {"account", "iam"}

# Services that boto3 calls otherwise than their own address does.
NAMES = {"servicequotas": "service-quotas"}

# What must be known before an action is called that needs no parameter by its
# model, but refuses a call without one.
ALSO_NEEDED = {
    "DescribeImageReferences": ["ImageIds", "IncludeAllResourceTypes"],
    "DescribeLaunchTemplateVersions": ["LaunchTemplateId"],
    "ListRetirableGrants": ["RetiringPrincipal"],
}

# Of each kind of resource, an action that needs one is called for so many at most.
MOST = 8

# A parameter that goes by another name elsewhere: where its values are found.
SOURCES = {
    "ec2 ImageIds": "ImageId",
    "kms KeyId": "KeyArn",
    "pricing AttributeName": "AttributeNames",
    "ssm Names": "Name",
    "ssm Path": "ParameterPath",
    "ssm ResourceId": "Name",
}


class Reader:
    """Calls every reading action of one service in one Region."""

    def __init__(self, session, service, region, actions, first):
        self.client = session.client(NAMES.get(service, service), region_name=region)
        self.service, self.region = service, region
        self.operations = [a for a in actions if a.startswith(("Describe", "Get", "List"))]
        self.pools = {"ParameterPath": ["/"], **{name: list(values) for name, values in first.items()}}
        self.records = []
        self.model = Model()
        self.client.meta.events.register("before-parse", self.model.check)

    def read(self):
        # What needs least comes first: it tells what the others can be asked about.
        for name in sorted(self.operations, key=lambda o: len(self.unknown(o))):
            for params in self.choices(name):
                self.call(name, params)
        return self.records

    def shape(self, name):
        return self.client.meta.service_model.operation_model(name).input_shape

    def needs(self, name):
        shape = self.shape(name)
        return list(shape.required_members if shape else []) + ALSO_NEEDED.get(name, [])

    def unknown(self, name):
        """What an action needs that its model does not tell the values of."""
        members = self.shape(name).members if self.shape(name) else {}
        return [n for n in self.needs(name) if members[n].type_name != "boolean" and not getattr(members[n], "enum", None)]

    def choices(self, name):
        """Every combination of what was found for the parameters of an action."""
        names = self.needs(name)
        values = [self.values(self.shape(name).members[n], n) for n in names]
        return [dict(zip(names, combination)) for combination in itertools.product(*values)]

    def values(self, shape, name):
        if shape.type_name == "boolean":
            return [True]
        if shape.type_name == "string" and shape.enum:
            return list(shape.enum)
        source = SOURCES.get(f"{self.service} {name}", name)
        found = list(dict.fromkeys(self.pools.get(source, [])))[:MOST]
        if shape.type_name == "list":
            return [found] if found else []
        return found

    def call(self, name, params):
        record = {"service": self.service, "region": self.region, "operation": name, "params": params}
        method = boto3.session.botocore.xform_name(name)
        self.model.begin(record)
        try:
            if self.client.can_paginate(method):
                record["paginated"] = True
                result = self.client.get_paginator(method).paginate(**params, **page_size(self.client, method)).build_full_result()
            else:
                result = getattr(self.client, method)(**params)
        except ClientError as e:
            record["error"] = e.response["Error"]["Code"]
        else:
            result.pop("ResponseMetadata", None)
            self.remember(result)
            record["result"] = plain(result)
        self.records.append(record)

    def remember(self, value, key=""):
        """Keeps every identifier, by the name of its member."""
        if isinstance(value, dict):
            for k, v in value.items():
                self.remember(v, k)
        elif isinstance(value, list):
            for v in value:
                self.remember(v, key)
        elif isinstance(value, str):
            self.pools.setdefault(key, []).append(value)


def page_size(client, method):
    """Small pages, so that paginators have to turn them; the smallest that EC2 takes is 5."""
    config = client.get_paginator(method)._pagination_cfg
    return {"PaginationConfig": {"PageSize": 5}} if "limit_key" in config else {}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def wait(session, region, waits):
    """Runs boto3's waiters; each must end by itself within a few polls."""
    done = []
    for service, name, params in waits:
        client = session.client(service, region_name=region)
        client.get_waiter(name).wait(**params, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
        done.append(name)
    return done


def main():
    order = json.load(sys.stdin)
    session = boto3.session.Session()
    waited = {region: wait(session, region, waits) for region, waits in order.get("waits", {}).items()}
    records = []
    for number, region in enumerate(order["regions"]):
        for service, actions in order["actions"].items():
            if service not in GLOBAL or number == 0:
                records += Reader(session, service, region, actions, order["first"].get(region, {})).read()
    json.dump({"records": records, "waited": waited}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
