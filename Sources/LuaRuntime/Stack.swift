import CLua
import CLuaShims
import RhoCore

// Values between Swift and Lua's stack. Only functions that the manual marks as unable to raise, other than for memory,
// are called from here; the allocator does not fail while Swift is on the stack.
extension LuaState {
    func push(_ value: LuaValue) throws(RhoError) {
        switch value {
        case .nil: lua_pushnil(thread)
        case .boolean(let value): lua_pushboolean(thread, value ? 1 : 0)
        case .integer(let value): lua_pushinteger(thread, lua_Integer(value))
        case .number(let value): lua_pushnumber(thread, value)
        case .string(let text): push(text)
        case .bytes(let bytes):
            bytes.withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { _ = lua_pushlstring(thread, $0.baseAddress, $0.count) }
            }
        case .list(let values):
            try needStack(6)
            lua_createtable(thread, Int32(clamping: values.count), 0)
            for (offset, element) in values.enumerated() {
                try push(element)
                lua_rawseti(thread, -2, lua_Integer(offset + 1))
            }
        case .record(let pairs):
            try needStack(6)
            lua_createtable(thread, 0, Int32(clamping: pairs.count))
            for (key, element) in pairs {
                push(key)
                try push(element)
                lua_rawset(thread, -3)
            }
        case .object(let object, let name): try push(object: object, className: name)
        case .function(let reference): try reference.push(in: self)
        case .table(let reference): try reference.push(in: self)
        case .other(let reference): try reference.push(in: self)
        case .options(let options): try push(.record(options.entries.map { ($0.field.name, $0.value) }))
        }
    }

    func push(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            buffer.withMemoryRebound(to: CChar.self) { _ = lua_pushlstring(thread, $0.baseAddress, $0.count) }
        }
    }

    func pushResults(_ results: [LuaValue]) throws(RhoError) -> Int32 {
        if results.count > 8 { try needStack(results.count + 4) }
        for result in results { try push(result) }
        return Int32(results.count)
    }

    /// The value at `index`: tables and functions by reference, everything else by value.
    func read(_ index: Int32) -> LuaValue {
        let L = thread
        switch lua_type(L, index) {
        case LUA_TBOOLEAN: return .boolean(lua_toboolean(L, index) != 0)
        case LUA_TNUMBER:
            return lua_isinteger(L, index) != 0
                ? .integer(Int(lua_tointegerx(L, index, nil))) : .number(lua_tonumberx(L, index, nil))
        case LUA_TSTRING: return readText(index)
        case LUA_TTABLE:
            lua_pushvalue(L, index)
            return .table(LuaTable(popping: L, of: self))
        case LUA_TFUNCTION:
            lua_pushvalue(L, index)
            return .function(LuaFunction(popping: L, of: self))
        case LUA_TUSERDATA:
            if let box = rho_box(L, index), let object = box.pointee.object, let type = classOfType[box.pointee.type] {
                return .object(Unmanaged<AnyObject>.fromOpaque(object).takeUnretainedValue(), class: type.name)
            }
            fallthrough
        case LUA_TTHREAD, LUA_TLIGHTUSERDATA:
            lua_pushvalue(L, index)
            return .other(LuaReference(popping: L, of: self))
        default: return .nil
        }
    }

    private func readText(_ index: Int32) -> LuaValue {
        let bytes = stringBytes(index)
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return .bytes(Array(bytes))
    }

    /// The bytes of the string at `index`, valid while it stays on the stack. The value must be a string: a number
    /// would be converted in place.
    func stringBytes(_ index: Int32) -> UnsafeBufferPointer<UInt8> {
        var count = 0
        guard lua_type(thread, index) == LUA_TSTRING, let start = lua_tolstring(thread, index, &count) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: count)
    }

    func text(_ index: Int32) -> String? {
        lua_type(thread, index) == LUA_TSTRING ? String(decoding: stringBytes(index), as: UTF8.self) : nil
    }

    /// `tostring` of the value at `index`, with its `__tostring` under protection.
    func display(_ index: Int32) -> String {
        var count = 0
        guard let start = rho_tolstring(thread, index, &count) else { return "" }
        defer { rho_pop(thread, 1) }
        return String(
            decoding: UnsafeBufferPointer(
                start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: count),
            as: UTF8.self)
    }

    /// The raw field `name` of the table at `index` as a value.
    func field(_ index: Int32, _ name: String) -> LuaValue {
        let index = lua_absindex(thread, index)
        push(name)
        lua_rawget(thread, index)
        defer { rho_pop(thread, 1) }
        return read(-1)
    }

    /// Sets a raw field of the table at `index`.
    func setField(_ index: Int32, _ name: String, _ value: LuaValue) throws(RhoError) {
        let index = lua_absindex(thread, index)
        push(name)
        try push(value)
        lua_rawset(thread, index)
    }

    /// Pops a value and sets it as a raw field of the table at `index`.
    func setFieldFromTop(_ index: Int32, _ name: String) {
        let index = lua_absindex(thread, index)
        push(name)
        rho_insert(thread, -2)
        lua_rawset(thread, index)
    }

    /// Pushes the list k1, v1, k2, v2, … of the table at `index` in the order of `pairs`; returns the number of pairs.
    func pushSortedPairs(_ index: Int32) throws(RhoError) -> Int {
        guard rho_sorted_pairs(thread, index) == LUA_OK else {
            let message = display(-1)
            rho_pop(thread, 1)
            throw RhoError(.memory, message)
        }
        return Int(lua_rawlen(thread, -1)) / 2
    }
}
