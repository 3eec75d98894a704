/// The Lua part of the host: error values, `io.write`, `loadfile` and `dofile`, and what the debug library may not do.
/// Runs once per state with the native helpers as its argument.
let preludeSource = """
    local native = ...
    local string, tostring, rawget, rawset, select, type = string, tostring, rawget, rawset, select, type
    local G, load, pcall = _G, load, pcall

    local errors = native.errors
    errors.__name = "rho.error"
    errors.__metatable = "rho.error"
    function errors.__tostring(e)
      local file, line, message = rawget(e, "file"), rawget(e, "line"), tostring(rawget(e, "message"))
      if not file then return message end
      if not line then return file .. ": " .. message end
      return file .. ":" .. line .. ": " .. message
    end
    function errors.__concat(a, b) return tostring(a) .. tostring(b) end
    -- Scripts that expect error messages to be strings may go on matching them.
    function errors.__index(_, key)
      local method = string[key]
      if method then return function(e, ...) return method(tostring(e), ...) end end
    end

    if io then
      local write, output, stdout, emit = io.write, io.output, io.stdout, native.write
      function io.write(...)
        if output() ~= stdout then return write(...) end
        emit(...)
        return stdout
      end
    end

    function G.loadfile(path, mode, ...)
      local ok, source = pcall(native.read_source, path)
      if not ok then return nil, tostring(source) end
      if select("#", ...) > 0 then return load(source, "@" .. path, "t", (...)) end
      return load(source, "@" .. path, "t")
    end

    function G.dofile(path)
      local chunk, message = load(native.read_source(path), "@" .. path, "t")
      if not chunk then native.fail("script", message) end
      return chunk()
    end

    -- These can break the memory safety of native objects.
    local setupvalue, info = debug.setupvalue, debug.getinfo
    debug.setmetatable, debug.getregistry, debug.setuservalue = nil, nil, nil
    function debug.setupvalue(f, ...)
      if type(f) == "function" and info(f, "S").what == "C" then return nil end
      return setupvalue(f, ...)
    end

    local package = package
    package.cpath, package.loadlib, package.searchers, package.searchpath, package.preload = nil, nil, nil, nil, nil

    return setmetatable({}, {
      __name = "rho.globals",
      __index = function(_, name) return rawget(G, name) end,
      __newindex = function(_, name, value) rawset(G, name, value) end,
      __pairs = function() return pairs(G) end,
    })
    """
