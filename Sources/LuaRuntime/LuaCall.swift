import CLua
import RhoCore

/// One call of a declared function, its arguments checked. Valid until the body returns.
///
/// Numbers, strings and objects are read from Lua's stack when asked for; lists, maps and option tables were converted
/// when they were checked.
public struct LuaCall: LuaArguments {
    // Both outlive the call: counting references to them would be a good part of its cost.
    public unowned(unsafe) let state: LuaState
    unowned(unsafe) let function: BoundFunction
    let L: OpaquePointer
    /// Converted values of the parameters that need it, in the order of `function.converted`.
    let converted: [LuaValue]

    public var place: String { function.place }

    public func value(_ name: String) throws(RhoError) -> LuaValue {
        let offset = try offset(of: name)
        let conversion = function.parameters[offset].conversion
        if conversion >= 0 { return converted[conversion] }
        let slot = slot(offset)
        if lua_type(L, slot) <= LUA_TNIL { return function.parameters[offset].defaultValue }
        return state.read(slot)
    }

    public func isSet(_ name: String) throws(RhoError) -> Bool {
        lua_type(L, slot(try offset(of: name))) > LUA_TNIL
    }

    public func int(_ name: String) throws(RhoError) -> Int {
        let offset = try offset(of: name)
        let slot = slot(offset)
        var exact: Int32 = 0
        if lua_type(L, slot) == LUA_TNUMBER {
            let value = lua_tointegerx(L, slot, &exact)
            if exact != 0 { return Int(value) }
        }
        return try absent(offset, "an integer") { $0.intValue }
    }

    public func double(_ name: String) throws(RhoError) -> Double {
        let offset = try offset(of: name)
        let slot = slot(offset)
        if lua_type(L, slot) == LUA_TNUMBER { return lua_tonumberx(L, slot, nil) }
        return try absent(offset, "a number") { $0.doubleValue }
    }

    public func bool(_ name: String) throws(RhoError) -> Bool {
        let offset = try offset(of: name)
        let slot = slot(offset)
        if lua_type(L, slot) == LUA_TBOOLEAN { return lua_toboolean(L, slot) != 0 }
        return try absent(offset, "true or false") { $0.boolValue }
    }

    public func object<T: AnyObject>(_ name: String, as type: T.Type) throws(RhoError) -> T {
        let offset = try offset(of: name)
        let slot = slot(offset)
        if lua_type(L, slot) == LUA_TUSERDATA, let object = state.object(at: slot, on: L) as? T { return object }
        return try absent(offset, "an object of type \(T.self)") { $0.object(as: type) }
    }

    /// Arguments beyond the declared ones, for variadic functions.
    public var rest: [LuaValue] {
        let first = function.firstArgument + Int32(function.parameters.count)
        let last = lua_gettop(L)
        return first > last ? [] : (first...last).map { state.read($0) }
    }

    private func slot(_ offset: Int) -> Int32 { function.firstArgument + Int32(offset) }

    private func offset(of name: String) throws(RhoError) -> Int {
        for offset in function.parameters.indices where function.parameters[offset].name == name { return offset }
        throw RhoError(.internal, "\(place): argument '\(name)' is not declared")
    }

    /// The default of an absent argument, or the error.
    private func absent<T>(_ offset: Int, _ expected: String, _ read: (LuaValue) -> T?) throws(RhoError) -> T {
        let parameter = function.parameters[offset]
        if let value = read(parameter.defaultValue) { return value }
        if lua_type(L, slot(offset)) <= LUA_TNIL {
            throw RhoError(.usage, "\(place): \(parameter.name) is required (\(expected))")
        }
        let given = describeForError(state.read(slot(offset)))
        throw RhoError(.value, "\(place): \(parameter.name) must be \(expected), got \(given)")
    }
}
