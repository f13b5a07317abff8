"""The middleware of a workstation, written down: modules, traces, cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cpx_tool.adapters.cryptolib_cache import observe_cache
from cpx_tool.adapters.cryptolib_traces import observe_traces
from cpx_tool.adapters.host import Host, this_host
from cpx_tool.adapters.middleware import named_module
from cpx_tool.adapters.module_search import installed_modules, look_module, taken
from cpx_tool.catalogue.middleware import recognise
from cpx_tool.model.fault import Fault
from cpx_tool.model.middleware import InstalledModule, Middleware
from cpx_tool.model.token import ModuleInfo


def observe_middleware(
    option: str | None, environment: Mapping[str, str], host: Host | None = None
) -> Middleware:
    """What is installed, and which module a run with this `--module` would use. No module is
    loaded. Raises `BadInput` for a configuration file that cannot be read.
    """
    host = host or this_host(environment)
    modules = installed_modules(host)
    named = named_module(option, environment)
    if named is None:
        chosen = taken(modules)
    else:
        path, declaration, _ = named
        chosen = look_module(path.absolute(), declaration, host)
        same = next((m for m in modules if m.path == chosen.path), None)
        if same is not None:
            chosen = replace(chosen, declared=(*chosen.declared, *same.declared))
        modules = (chosen, *(module for module in modules if module is not same))
    return Middleware(
        system=host.system,
        machine=host.built_for,
        modules=modules,
        chosen=chosen.path if chosen is not None else None,
        traces=observe_traces(host),
        cache=observe_cache(host),
    )


def with_loaded(
    middleware: Middleware,
    path: str,
    info: ModuleInfo | None,
    fault: Fault | None,
    slots: int | None,
) -> Middleware:
    """The same, with what came of loading the module at `path`: CK_INFO, or why not."""

    def told(module: InstalledModule) -> InstalledModule:
        if module.path != path:
            return module
        family = recognise(module.path, info) if info is not None else module.family
        return replace(module, family=family, info=info, fault=fault, slots=slots)

    return replace(middleware, modules=tuple(map(told, middleware.modules)))
