import CLua
import RhoCore

/// Where those that must not keep a state alive find it; nil once it is gone.
///
/// A plain object in between, because a weak reference to the state itself would send every retain and release of it,
/// of which a call from Lua makes several, through the runtime's slow path.
public final class LuaStateLink {
    public internal(set) unowned(unsafe) var state: LuaState?

    init(_ state: LuaState) { self.state = state }
}

/// A Lua value held from Swift. The value lives as long as the reference; both belong to the thread of their state.
///
/// Unchecked: errors carry references and `Error` demands `Sendable`, but no reference is ever used off the thread that
/// owns the state.
public class LuaReference: @unchecked Sendable {
    private let link: LuaStateLink
    private let id: Int32
    /// The address of the value, for identity.
    let address: UnsafeRawPointer?
    public let typeName: String

    /// Takes the value on top of the stack.
    init(popping L: OpaquePointer, of state: LuaState) {
        link = state.link
        address = lua_topointer(L, -1)
        typeName = String(cString: lua_typename(L, lua_type(L, -1)))
        id = rho_reference(L)
    }

    deinit {
        if let state = link.state, !state.isClosed { rho_unreference(state.thread, id) }
    }

    /// Pushes the value onto the running thread of `state`.
    func push(in state: LuaState) throws(RhoError) {
        guard link.state === state, !state.isClosed else {
            throw RhoError(.internal, "a \(typeName) of a script state that is closed cannot be used")
        }
        rho_push_reference(state.thread, id)
    }

    func owner() throws(RhoError) -> LuaState {
        guard let state = link.state, !state.isClosed else {
            throw RhoError(.internal, "a \(typeName) of a script state that is closed cannot be used")
        }
        return state
    }
}

/// What a function computes from.
public struct LuaFunctionIdentity: Sendable, Equatable {
    /// See ``LuaFunction/fingerprint()``.
    public let hash: String
    /// Which of `io`, `os`, `require`, `dofile` and `loadfile` its code names, sorted. Without any, the hash says it
    /// all.
    public let outside: [String]
}

/// A Lua function held from Swift.
public final class LuaFunction: LuaReference, @unchecked Sendable {
    /// Calls the function under protection. Errors come back as ``LuaError`` with place and traceback; throwing that
    /// error out of a declared function hands the script the very value that was raised.
    public func call(_ arguments: [LuaValue] = []) throws(LuaError) -> [LuaValue] {
        let state = try owner(for: arguments)
        let L = state.thread
        let base = lua_gettop(L)
        do {
            try state.needStack(arguments.count + 4)
            try push(in: state)
            for argument in arguments { try state.push(argument) }
        } catch {
            lua_settop(L, base)
            throw LuaError(error)
        }
        return try state.call(arguments: arguments.count, base: base)
    }

    private func owner(for arguments: [LuaValue]) throws(LuaError) -> LuaState {
        do { return try owner() } catch { throw LuaError(error) }
    }

    /// SHA-256 of what the function computes from: its bytecode without debug information (comments and line numbers do
    /// not count) and its upvalues, functions and tables followed by value. Library modules count by name. Throws for
    /// values without a stable content (coroutines, objects of classes without a fingerprint).
    public func fingerprint() throws(RhoError) -> String { try identity().hash }

    /// The fingerprint, with the library names through which the function may reach what the fingerprint cannot see.
    public func identity() throws(RhoError) -> LuaFunctionIdentity {
        let state = try owner()
        let base = lua_gettop(state.thread)
        defer { lua_settop(state.thread, base) }
        try push(in: state)
        return try Fingerprint.identity(ofTop: state)
    }
}

/// A Lua table held from Swift. Access is raw: no metamethods run.
public final class LuaTable: LuaReference, @unchecked Sendable {
    /// The border of the array part (`#table` without metamethods).
    public func count() throws(RhoError) -> Int {
        try with { state throws(RhoError) in Int(lua_rawlen(state.thread, -1)) }
    }

    public func get(_ key: LuaValue) throws(RhoError) -> LuaValue {
        try with { state throws(RhoError) in
            try state.push(key)
            lua_rawget(state.thread, -2)
            return state.read(-1)
        }
    }

    public func get(_ key: String) throws(RhoError) -> LuaValue { try get(.string(key)) }

    public func get(_ index: Int) throws(RhoError) -> LuaValue { try get(.integer(index)) }

    public func set(_ key: LuaValue, _ value: LuaValue) throws(RhoError) {
        try with { state throws(RhoError) in
            if key.isNil { throw RhoError(.value, "a table key cannot be nil") }
            if case .number(let number) = key, number.isNaN { throw RhoError(.value, "a table key cannot be nan") }
            try state.push(key)
            try state.push(value)
            lua_rawset(state.thread, -3)
        }
    }

    public func set(_ key: String, _ value: LuaValue) throws(RhoError) { try set(.string(key), value) }

    public func set(_ index: Int, _ value: LuaValue) throws(RhoError) { try set(.integer(index), value) }

    /// Every entry, in the order of the script's `pairs`.
    public func entries() throws(RhoError) -> [(key: LuaValue, value: LuaValue)] {
        try with { state throws(RhoError) in
            let count = try state.pushSortedPairs(-1)
            var result: [(key: LuaValue, value: LuaValue)] = []
            result.reserveCapacity(count)
            for i in 0..<count {
                lua_rawgeti(state.thread, -1, lua_Integer(2 * i + 1))
                lua_rawgeti(state.thread, -2, lua_Integer(2 * i + 2))
                result.append((state.read(-2), state.read(-1)))
                rho_pop(state.thread, 2)
            }
            return result
        }
    }

    /// The table and everything below it by value: a list (keys 1...n) or a record (string keys). Throws for mixed
    /// keys, for cycles, and beyond 100 levels.
    public func deepValue() throws(RhoError) -> LuaValue { try deepValue(level: 0) }

    private func deepValue(level: Int) throws(RhoError) -> LuaValue {
        if level > 100 { throw RhoError(.value, "a table contains itself or is nested more than 100 levels deep") }
        var list: [LuaValue] = []
        var record: [(String, LuaValue)] = []
        for (key, value) in try entries() {
            var value = value
            if case .table(let table) = value { value = try table.deepValue(level: level + 1) }
            if let index = key.intValue, index == list.count + 1, record.isEmpty {
                list.append(value)
            } else if case .string(let name) = key, list.isEmpty {
                record.append((name, value))
            } else {
                throw RhoError(
                    .value, "a table must have either the keys 1...n or string keys, but has \(describeForError(key))")
            }
        }
        return record.isEmpty ? .list(list) : .record(record)
    }

    private func with<T>(_ body: (LuaState) throws(RhoError) -> T) throws(RhoError) -> T {
        let state = try owner()
        try state.needStack(8)
        let base = lua_gettop(state.thread)
        defer { lua_settop(state.thread, base) }
        try push(in: state)
        return try body(state)
    }
}
