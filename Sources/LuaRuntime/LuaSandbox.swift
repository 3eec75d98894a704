import CLua
import CLuaShims
import RhoCore

/// Limits for scripts from others: an allowlist of libraries, text chunks only, modules under one directory, caps on
/// memory, time and instructions. What native functions may read and write is for ``FileAccess`` to say.
public struct LuaSandbox: Sendable {
    /// The directories under which `require` finds files.
    public var roots: [String]
    /// Bytes of Lua's heap; 0 = no limit.
    public var memoryLimit: Int
    /// Seconds for each run; 0 = no limit.
    public var seconds: Double
    /// When every run is over, on the monotonic clock; 0 = never.
    public var deadline: Double
    /// Instructions for each run, in steps of ten thousand; 0 = no limit.
    public var instructions: Int

    public init(
        roots: [String] = ["."], memoryLimit: Int = 1 << 30, seconds: Double = 0, deadline: Double = 0,
        instructions: Int = 0
    ) {
        self.roots = roots
        self.deadline = deadline
        self.memoryLimit = memoryLimit
        self.seconds = seconds
        self.instructions = instructions
    }
}

extension LuaState {
    /// Runs in the prelude's style: with unguarded globals, before any user code.
    private static let sandboxSource = """
        local load = load
        local keep = { assert = 1, collectgarbage = 1, error = 1, getmetatable = 1, ipairs = 1, next = 1, pairs = 1,
          pcall = 1, print = 1, rawequal = 1, rawget = 1, rawlen = 1, rawset = 1, require = 1, select = 1,
          setmetatable = 1, tonumber = 1, tostring = 1, type = 1, xpcall = 1, _G = 1, _VERSION = 1,
          coroutine = 1, math = 1, string = 1, table = 1, utf8 = 1, arg = 1 }
        local G, loaded = _G, package.loaded
        local traceback, os = debug.traceback, os
        for name in next, { io = 1, debug = 1, package = 1 } do loaded[name] = nil end
        for name in pairs(G) do if not keep[name] then rawset(G, name, nil) end end
        rawset(G, "os", { clock = os.clock, date = os.date, difftime = os.difftime, time = os.time, exit = os.exit })
        rawset(G, "debug", { traceback = traceback })
        loaded.os, loaded.debug = G.os, G.debug
        string.dump = nil
        rawset(G, "load", function(chunk, name, mode, ...)
          if select("#", ...) > 0 then return load(chunk, name, "t", (...)) end
          return load(chunk, name, "t")
        end)
        """

    func install(_ sandbox: LuaSandbox) throws(RhoError) {
        let base = lua_gettop(thread)
        do {
            try load(Array(Self.sandboxSource.utf8), chunkName: "=rho/sandbox.lua")
            _ = try call(arguments: 0, base: base)
        } catch {
            throw RhoError(.internal, "the sandbox could not be set up: \(error)")
        }
        if sandbox.memoryLimit > 0 { rho_memory_limit(main, sandbox.memoryLimit) }
    }

    /// Starts time and instruction limits of a run.
    func startBudget() {
        guard let sandbox, sandbox.seconds > 0 || sandbox.deadline > 0 || sandbox.instructions > 0 else { return }
        // What is left may be nothing: then the first look at the clock ends the script.
        let left = sandbox.deadline > 0 ? max(sandbox.deadline - Clock.monotonicSeconds(), 1e-9) : .infinity
        let seconds = min(left, sandbox.seconds > 0 ? sandbox.seconds : .infinity)
        rho_limit_time(thread, seconds.isFinite ? seconds : 0, Int64(sandbox.instructions))
    }
}
