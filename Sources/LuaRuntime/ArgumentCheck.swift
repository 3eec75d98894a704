import CLua
import CLuaShims
import RhoCore

extension LuaType {
    /// Read straight from Lua's stack, without conversion.
    var isScalar: Bool {
        switch self {
        case .list, .map, .options: false
        case .anyOf(let types): types.allSatisfy(\.isScalar)
        default: true
        }
    }
}

// Whether a value on the stack is what a declaration says, and the sentence if it is not.
extension LuaState {
    /// Whether the value at `index` fits a scalar type. Allocates nothing.
    func fits(_ index: Int32, _ type: LuaType) -> Bool {
        let L = thread
        let kind = lua_type(L, index)
        switch type {
        case .any: return kind > LUA_TNIL
        case .boolean: return kind == LUA_TBOOLEAN
        case .integer(let min, let max):
            var exact: Int32 = 0
            guard kind == LUA_TNUMBER else { return false }
            let value = Int(lua_tointegerx(L, index, &exact))
            return exact != 0 && value >= min ?? .min && value <= max ?? .max
        case .number(let min, let max, let openMin):
            guard kind == LUA_TNUMBER else { return false }
            let value = lua_tonumberx(L, index, nil)
            if let min, !(openMin ? value > min : value >= min) { return false }
            if let max, !(value <= max) { return false }
            return true
        case .string: return kind == LUA_TSTRING
        case .oneOf(let names):
            guard kind == LUA_TSTRING else { return false }
            let given = stringBytes(index)
            return names.contains { $0.utf8.elementsEqual(given) }
        case .table: return kind == LUA_TTABLE
        case .function: return kind == LUA_TFUNCTION
        case .object(let name): return isObject(index, kind, name)
        case .anyOf(let types): return types.contains { fits(index, $0) }
        case .list, .map, .options: return kind == LUA_TTABLE
        }
    }

    private func isObject(_ index: Int32, _ kind: Int32, _ name: String) -> Bool {
        if kind == LUA_TUSERDATA {
            guard let box = rho_box(thread, index), box.pointee.object != nil else { return false }
            return classOfType[box.pointee.type]?.name == name
        }
        guard kind == LUA_TTABLE, lua_getmetatable(thread, index) != 0 else { return false }
        defer { rho_pop(thread, 1) }
        return field(-1, "__name").stringValue == name
    }

    /// The error for a value that does not fit: `<subject> must be <expectation>, got <value> (<guess>)`.
    func complaint(_ index: Int32, _ type: LuaType, _ subject: String) -> RhoError {
        if lua_type(thread, index) == LUA_TUSERDATA, let box = rho_box(thread, index), box.pointee.object == nil {
            return released(classOfType[box.pointee.type]?.name ?? "object", box)
        }
        let given = read(index)
        let shown = describeTable(index) ?? describeForError(given)
        return RhoError(
            .value, "\(subject) must be \(type.expectation), got \(shown)\(guess(given, type))")
    }

    func released(_ name: String, _ box: UnsafeMutablePointer<RhoBox>) -> RhoError {
        let place = box.pointee.released_at.map { String(cString: $0) } ?? "an unknown place"
        return RhoError(.usage, "\(name) was released at \(place)")
    }

    /// Tables with a named metatable show that name.
    private func describeTable(_ index: Int32) -> String? {
        guard lua_type(thread, index) == LUA_TTABLE, lua_getmetatable(thread, index) != 0 else { return nil }
        defer { rho_pop(thread, 1) }
        return field(-1, "__name").stringValue.map(article)
    }

    private func guess(_ given: LuaValue, _ type: LuaType) -> String {
        switch type {
        case .oneOf(let names):
            return given.stringValue.map { suggestion(for: $0, in: names) } ?? ""
        case .number(let min, let max, let openMin):
            if let text = given.stringValue, let number = Double(text) {
                return " (write \(formatNumber(number)) without quotes)"
            }
            // A share given as a percentage is the usual slip.
            guard let max, max == 1, let value = given.doubleValue, value > 1, value <= 100 else { return "" }
            let share = value / 100
            guard share > min ?? 0 || (share == min && !openMin) else { return "" }
            return " (did you mean \(formatNumber(share))?)"
        case .integer:
            if let text = given.stringValue, let number = Int(text) { return " (write \(number) without quotes)" }
            return ""
        case .boolean:
            return given.stringValue == "true" || given.stringValue == "false" ? " (write it without quotes)" : ""
        case .anyOf(let types):
            return types.lazy.map { self.guess(given, $0) }.first { !$0.isEmpty } ?? ""
        default: return ""
        }
    }

    /// Checks the value at `index` and converts it. `name` is the path in sentences: `shape[2]`, `select.keep`.
    func take(_ index: Int32, _ type: LuaType, place: String, name: String) throws(RhoError) -> LuaValue {
        let index = lua_absindex(thread, index)
        let subject = "\(place): \(name)"
        switch type {
        case .list(let element):
            guard lua_type(thread, index) == LUA_TTABLE else { throw complaint(index, type, subject) }
            return try takeList(index, element, place: place, name: name)
        case .map(let element):
            guard lua_type(thread, index) == LUA_TTABLE else { throw complaint(index, type, subject) }
            return try takeMap(index, element, place: place, name: name)
        case .options(let recordName):
            return .options(try takeOptions(index, try record(recordName), place: place, prefix: name + "."))
        case .anyOf(let types) where !type.isScalar:
            return try takeFirst(index, types, type, place: place, name: name)
        case .integer:
            guard fits(index, type) else { throw complaint(index, type, subject) }
            return .integer(Int(lua_tointegerx(thread, index, nil)))
        default:
            guard fits(index, type) else { throw complaint(index, type, subject) }
            return read(index)
        }
    }

    private func takeList(
        _ index: Int32, _ element: LuaType, place: String, name: String
    ) throws(RhoError) -> LuaValue {
        try needStack(8)
        let count = Int(lua_rawlen(thread, index))
        var values: [LuaValue] = []
        values.reserveCapacity(count)
        for i in 0..<count {
            lua_rawgeti(thread, index, lua_Integer(i + 1))
            defer { rho_pop(thread, 1) }
            values.append(try take(-1, element, place: place, name: "\(name)[\(i + 1)]"))
        }
        if count == 0 {
            // An empty border hides tables with other keys; those are no lists.
            let pairs = try pushSortedPairs(index)
            defer { rho_pop(thread, 1) }
            if pairs > 0 {
                lua_rawgeti(thread, -1, 1)
                defer { rho_pop(thread, 1) }
                let key = describeForError(read(-1))
                throw RhoError(.value, "\(place): \(name) must be a list, got a table with the key \(key)")
            }
        }
        return .list(values)
    }

    private func takeMap(
        _ index: Int32, _ element: LuaType, place: String, name: String
    ) throws(RhoError) -> LuaValue {
        try needStack(8)
        let count = try pushSortedPairs(index)
        defer { rho_pop(thread, 1) }
        var pairs: [(String, LuaValue)] = []
        for i in 0..<count {
            lua_rawgeti(thread, -1, lua_Integer(2 * i + 1))
            lua_rawgeti(thread, -2, lua_Integer(2 * i + 2))
            defer { rho_pop(thread, 2) }
            guard let key = text(-2) else {
                throw RhoError(
                    .value, "\(place): \(name) must have string keys only, but has \(describeForError(read(-2)))")
            }
            pairs.append((key, try take(-1, element, place: place, name: "\(name).\(key)")))
        }
        return .record(pairs)
    }

    private func takeFirst(
        _ index: Int32, _ types: [LuaType], _ whole: LuaType, place: String, name: String
    ) throws(RhoError) -> LuaValue {
        var errors: [RhoError] = []
        for type in types {
            do {
                return try take(index, type, place: place, name: name)
            } catch {
                if !type.isScalar { errors.append(error) }
            }
        }
        // Where a table was given and only one alternative takes tables, what is wrong inside it says more.
        if lua_type(thread, index) == LUA_TTABLE, errors.count == 1 { throw errors[0] }
        throw complaint(index, whole, "\(place): \(name)")
    }

    func record(_ name: String) throws(RhoError) -> LuaRecord {
        guard let record = catalog.record(name) else {
            throw RhoError(.internal, "the option table '\(name)' is not declared")
        }
        return record
    }
}
