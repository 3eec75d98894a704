import CLua
import CLuaShims
import RhoCore

// Option tables against their records: array part to positional fields, unknown keys refused with the nearest name,
// defaults filled in.
extension LuaState {
    /// Where the values of a record's fields are, after an option table has been matched with it.
    private struct Match {
        enum Source {
            case absent
            /// Slot in the list of pairs that the table was flattened to.
            case pair(Int)
            /// The whole array part.
            case arrayPart
        }
        var sources: [Source]
        var arrayCount = 0
        /// Pairs beyond the fields of an open record.
        var extra: [(name: String, pair: Int)] = []
        /// Stack slot of the list k1, v1, k2, v2, …
        var flattened: Int32 = 0
    }

    func takeOptions(
        _ index: Int32, _ record: LuaRecord, place: String, prefix: String
    ) throws(RhoError) -> LuaOptions {
        let base = lua_gettop(thread)
        defer { lua_settop(thread, base) }
        let match = try match(index, record, place: place, prefix: prefix)
        var values: [LuaValue] = []
        var given: [Bool] = []
        for (field, source) in zip(record.fields, match.sources) {
            if pushSource(source, match) {
                values.append(try take(-1, field.type, place: place, name: prefix + field.name))
                rho_pop(thread, 1)
                given.append(true)
            } else {
                values.append(try defaultValue(field, place: place, prefix: prefix))
                given.append(false)
            }
        }
        var extra: [(String, LuaValue)] = []
        for (name, pair) in match.extra {
            _ = pushSource(.pair(pair), match)
            extra.append((name, read(-1)))
            rho_pop(thread, 1)
        }
        return LuaOptions(place: place, record: record, values: values, given: given, extra: extra)
    }

    /// Pushes a fresh table with the checked values of the option table at `index`, defaults filled in. The values stay
    /// what they are in Lua: tables keep their identity.
    func pushOptions(_ index: Int32, _ record: LuaRecord, place: String, prefix: String) throws(RhoError) {
        lua_createtable(thread, 0, Int32(clamping: record.fields.count))
        let result = lua_gettop(thread)
        let match = try match(index, record, place: place, prefix: prefix)
        for (field, source) in zip(record.fields, match.sources) {
            let before = lua_gettop(thread)
            push(field.name)
            if pushSource(source, match) {
                try pushChecked(-1, field.type, place: place, name: prefix + field.name)
                rho_remove(thread, -2)
            } else {
                try push(try defaultValue(field, place: place, prefix: prefix))
            }
            lua_rawset(thread, result)
            lua_settop(thread, before)
        }
        for (name, pair) in match.extra {
            push(name)
            _ = pushSource(.pair(pair), match)
            lua_rawset(thread, result)
        }
        lua_settop(thread, result)
    }

    /// Pushes the argument at `slot` of a declared Lua function, checked, or its default.
    func pushChecked(_ slot: Int32, _ parameter: BoundParameter, place: String) throws(RhoError) {
        let absent = lua_type(thread, slot) <= LUA_TNIL
        if case .options(let name) = parameter.type, parameter.required || !absent || !hasRequired(name) {
            return try pushOptions(slot, try record(name), place: place, prefix: "")
        }
        if !absent { return try pushChecked(slot, parameter.type, place: place, name: parameter.name) }
        if parameter.required {
            throw RhoError(.usage, "\(place): \(parameter.name) is required (\(parameter.type.expectation))")
        }
        try push(parameter.defaultValue)
    }

    private func pushChecked(_ index: Int32, _ type: LuaType, place: String, name: String) throws(RhoError) {
        try needStack(12)
        let index = lua_absindex(thread, index)
        if case .options(let recordName) = type {
            return try pushOptions(index, try record(recordName), place: place, prefix: name + ".")
        }
        let value = try take(index, type, place: place, name: name)
        switch value {
        case .integer: try push(value)
        case .options: try push(value)
        default: lua_pushvalue(thread, index)
        }
    }

    /// Whether an absent table for this record would be an error: some field of it is required.
    func hasRequired(_ name: String) -> Bool { catalog.record(name)?.fields.contains(where: \.required) ?? false }

    private func defaultValue(_ field: LuaField, place: String, prefix: String) throws(RhoError) -> LuaValue {
        if field.required {
            throw RhoError(.usage, "\(place): \(prefix)\(field.name) is required (\(field.type.expectation))")
        }
        return field.defaultValue.map { LuaValue($0) } ?? .nil
    }

    /// Leaves the flattened table on the stack, for `pushSource`.
    private func match(
        _ index: Int32, _ record: LuaRecord, place: String, prefix: String
    ) throws(RhoError) -> Match {
        try needStack(12)
        var match = Match(sources: Array(repeating: .absent, count: record.fields.count))
        let kind = lua_type(thread, index)
        if kind <= LUA_TNIL {
            return match
        }
        guard kind == LUA_TTABLE else {
            let name = prefix.isEmpty ? "the argument" : String(prefix.dropLast())
            throw complaint(index, .options(record.name), "\(place): \(name)")
        }
        let count = try pushSortedPairs(index)
        match.flattened = lua_gettop(thread)
        for i in 0..<count {
            lua_rawgeti(thread, match.flattened, lua_Integer(2 * i + 1))
            let key = read(-1)
            rho_pop(thread, 1)
            switch key {
            case .integer(let position): try matchPosition(position, i, record, &match, place: place, prefix: prefix)
            case .string(let name): try matchName(name, i, record, &match, place: place, prefix: prefix)
            default:
                throw RhoError(.usage, "\(place): option names are strings, got \(describeForError(key))")
            }
        }
        return match
    }

    private func matchName(
        _ name: String, _ pair: Int, _ record: LuaRecord, _ match: inout Match, place: String, prefix: String
    ) throws(RhoError) {
        guard let field = record.fields.firstIndex(where: { $0.name == name }) else {
            if record.open != nil { return match.extra.append((name, pair)) }
            let names = record.fields.map(\.name)
            var guess = suggestion(for: name, in: names)
            if guess.isEmpty, !names.isEmpty { guess = " (options: \(names.sorted().joined(separator: ", ")))" }
            throw RhoError(.usage, "\(place): unknown option '\(prefix)\(name)'\(guess)")
        }
        if case .absent = match.sources[field] {
            match.sources[field] = .pair(pair)
        } else {
            throw RhoError(.usage, "\(place): \(prefix)\(name) is given twice, by name and by position")
        }
    }

    private func matchPosition(
        _ position: Int, _ pair: Int, _ record: LuaRecord, _ match: inout Match, place: String, prefix: String
    ) throws(RhoError) {
        let positional = record.fields.indices.filter { record.fields[$0].positional }
        guard position >= 1, position == match.arrayCount + 1 else {
            throw RhoError(.usage, "\(place): entry [\(position)] has no name (option names are strings)")
        }
        match.arrayCount += 1
        if positional.count == 1, case .list = record.fields[positional[0]].type {
            match.sources[positional[0]] = .arrayPart
        } else if position <= positional.count {
            match.sources[positional[position - 1]] = .pair(pair)
        } else {
            let names = positional.map { record.fields[$0].name }.joined(separator: ", ")
            let most =
                names.isEmpty
                ? "takes named entries only (\(record.fields.map(\.name).sorted().joined(separator: ", ")))"
                : "takes at most \(positional.count) without a name (\(names))"
            lua_rawgeti(thread, match.flattened, lua_Integer(2 * pair + 2))
            defer { rho_pop(thread, 1) }
            throw RhoError(.usage, "\(place): \(most), got \(describeForError(read(-1))) as entry \(position)")
        }
    }

    private func pushSource(_ source: Match.Source, _ match: Match) -> Bool {
        switch source {
        case .absent: return false
        case .pair(let pair):
            lua_rawgeti(thread, match.flattened, lua_Integer(2 * pair + 2))
        case .arrayPart:
            lua_createtable(thread, Int32(clamping: match.arrayCount), 0)
            // Array entries come first among the sorted pairs.
            for i in 0..<match.arrayCount {
                lua_rawgeti(thread, match.flattened, lua_Integer(2 * i + 2))
                lua_rawseti(thread, -2, lua_Integer(i + 1))
            }
        }
        return true
    }
}
