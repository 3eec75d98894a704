import CLua
import CLuaShims
import RhoCore

// Globals of user code: reading an undefined one and creating a new one are errors. Embedded modules see a copy of the
// standard globals instead, without the guard. `rho.globals.name = value` and `rawset(_G, …)` make a global on
// purpose.
extension LuaState {
    func installStrictGlobals() throws(RhoError) {
        try needStack(8)
        let base = lua_gettop(thread)
        defer { lua_settop(thread, base) }
        rho_push_globals(thread)
        let globals = lua_gettop(thread)
        globalsAddress = lua_topointer(thread, globals)
        rho_newtable(thread)
        let count = try pushSortedPairs(globals)
        for i in 0..<count {
            lua_rawgeti(thread, -1, lua_Integer(2 * i + 1))
            lua_rawgeti(thread, -2, lua_Integer(2 * i + 2))
            lua_rawset(thread, -4)
        }
        rho_pop(thread, 1)
        libraryGlobals = LuaTable(popping: thread, of: self)
        rho_newtable(thread)
        pushRaw("") { state, L in throw state.undefinedGlobal() }
        setFieldFromTop(-2, "__index")
        pushRaw("") { state, L in throw state.newGlobal() }
        setFieldFromTop(-2, "__newindex")
        try setField(-1, "__metatable", .string("strict globals"))
        lua_setmetatable(thread, globals)
    }

    /// Gives the chunk on top of the stack the unguarded globals of library code.
    func useLibraryGlobals() throws(RhoError) {
        guard let libraryGlobals else { return }
        try libraryGlobals.push(in: self)
        if lua_setupvalue(thread, -2, 1) == nil { rho_pop(thread, 1) }
    }

    /// Lets user code make globals by assignment, as at a prompt. Functions that see the globals then have a fingerprint of
    /// their own in every session: what the globals hold may change between two calls.
    public func openGlobals(session: String) throws(RhoError) {
        try needStack(8)
        rho_push_globals(thread)
        defer { rho_pop(thread, 1) }
        guard lua_getmetatable(thread, -1) != 0 else { return }
        defer { rho_pop(thread, 1) }
        try setField(-1, "__newindex", .nil)
        openSession = session
    }

    private func undefinedGlobal() -> RhoError {
        let key = read(2)
        guard let name = key.stringValue else {
            return RhoError(.script, "global \(describeForError(key)) is not defined")
        }
        if modules.isKnown(name) {
            return RhoError(
                .script, "global '\(name)' is not defined (a module: local \(name) = require \"\(name)\")")
        }
        return RhoError(.script, "global '\(name)' is not defined\(suggestion(for: name, in: globalNames()))")
    }

    private func newGlobal() -> RhoError {
        let name = read(2).stringValue ?? describeForError(read(2))
        return RhoError(
            .script,
            "assignment to the undefined global '\(name)'\(suggestion(for: name, in: globalNames())): "
                + "write \"local \(name)\", or rho.globals.\(name) = ... where a global is meant")
    }

    private func globalNames() -> [String] {
        rho_push_globals(thread)
        defer { rho_pop(thread, 1) }
        guard let count = try? pushSortedPairs(-1) else { return [] }
        defer { rho_pop(thread, 1) }
        return (0..<count).compactMap { i in
            lua_rawgeti(thread, -1, lua_Integer(2 * i + 1))
            defer { rho_pop(thread, 1) }
            return text(-1)
        }
    }
}
