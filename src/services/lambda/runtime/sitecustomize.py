# Python's SDK of before 2023 does not know AWS_ENDPOINT_URL: as soon as something imports botocore, its sessions make
# clients with that endpoint, or AWS_ENDPOINT_URL_SERVICE's, where they are given none.
import os
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder
        spec = PathFinder.find_spec(name, path, target)
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            patch(module.Session)

        spec.loader.exec_module = exec_module
        return spec


def patch(session):
    create = session.create_client

    def create_client(self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None,
                      endpoint_url=None, *more, **named):
        if endpoint_url is None:
            own = "AWS_ENDPOINT_URL_" + service_name.replace("-", "_").replace(" ", "_").upper()
            endpoint_url = os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
        return create(self, service_name, region_name, api_version, use_ssl, verify, endpoint_url, *more, **named)

    session.create_client = create_client


if os.environ.get("AWS_ENDPOINT_URL"):
    sys.meta_path.insert(0, Finder())
