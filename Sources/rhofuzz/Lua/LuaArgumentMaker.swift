import LuaRuntime
import RhoCore

/// Arguments for declared functions: mostly of the declared type and small, now and then anything at all.
struct LuaArgumentMaker {
    let catalog: LuaCatalog
    var random: FuzzRandom
    /// Live objects by class.
    var pool: [String: [LuaValue]]
    /// Functions that misbehave in different ways.
    var functions: [LuaValue]

    private static let integers = [
        0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 100, -1, -2, 255, 256, 1000, 1 << 28, 1 << 31, 1 << 53, .max, .max - 1,
        .min,
    ]
    private static let numbers: [Double] = [
        0, -0.0, 0.5, 0.6, 1, 1.5, -1, 2, 60, 1e-9, 1e300, -1e300, .nan, .infinity, -.infinity, .leastNonzeroMagnitude,
        1e18, 2e6,
    ]
    private static let strings = [
        "", "x", "data.jsonl", "bad.jsonl", "text.txt", "model", "model.gguf", "tokenizer.json", "nothing", "..", "/",
        "../x", "/etc/passwd", "/proc/self/environ", "{text}", "{text", "loss", "excess", "useful", "a b", "%s%n%d",
        "out/a", "|touch y", "cache", "runs", "\u{1F600}", "a\0b", "1 2", "mean", "step-000001",
    ]

    mutating func arguments(_ fields: [LuaField], variadic: Bool) -> [LuaValue] {
        var values: [LuaValue] = []
        for field in fields {
            if !field.required, random.chance(3) { break }
            values.append(value(field.type, depth: 0))
        }
        let more = variadic || random.chance(20) ? random.below(3) : 0
        for _ in 0..<more { values.append(junk(depth: 2)) }
        return values
    }

    mutating func value(_ type: LuaType, depth: Int) -> LuaValue {
        if random.chance(14) { return junk(depth: depth) }
        switch type {
        case .any: return junk(depth: depth)
        case .boolean: return .boolean(random.chance(2))
        case .integer(let min, let max): return .integer(integer(min, max))
        case .number(let min, let max, _):
            if random.chance(3), let bound = random.chance(2) ? min : max { return .number(bound) }
            return random.chance(2) ? .number(random.pick(Self.numbers)) : .number(Double(random.below(100)) / 100)
        case .string: return .string(random.pick(Self.strings))
        case .oneOf(let names): return .string(random.pick(names))
        case .list(let element): return .list(many(depth) { $0.value(element, depth: depth + 1) })
        case .map(let element):
            return .record(many(depth) { ($0.random.pick(Self.strings), $0.value(element, depth: depth + 1)) })
        case .table: return table(depth: depth)
        case .function: return functions.isEmpty ? .nil : random.pick(functions)
        case .object(let name):
            guard let known = pool[name], !known.isEmpty else { return junk(depth: depth) }
            return random.pick(known)
        case .options(let name): return options(name, depth: depth)
        case .anyOf(let types): return value(random.pick(types), depth: depth)
        }
    }

    private mutating func integer(_ min: Int?, _ max: Int?) -> Int {
        if random.chance(3) { return random.pick(Self.integers) }
        let low = min ?? 0
        let span = Swift.min(max.map { $0.subtractingReportingOverflow(low).partialValue } ?? 12, 12)
        return low &+ random.below(Swift.max(span, 0) + 1)
    }

    private mutating func many<T>(_ depth: Int, _ make: (inout Self) -> T) -> [T] {
        let count = depth > 3 ? 0 : random.chance(30) ? random.below(300) : random.below(5)
        return (0..<count).map { _ in make(&self) }
    }

    private mutating func options(_ name: String, depth: Int) -> LuaValue {
        guard let record = catalog.record(name), depth < 6 else { return .record([]) }
        var pairs: [(String, LuaValue)] = []
        for field in record.fields where field.required ? !random.chance(30) : random.chance(4) {
            pairs.append((field.name, value(field.type, depth: depth + 1)))
        }
        if record.open != nil || random.chance(30) {
            pairs += many(depth) { ($0.random.pick(Self.strings), $0.junk(depth: depth + 1)) }
        }
        return .record(pairs)
    }

    private mutating func table(depth: Int) -> LuaValue {
        random.chance(2)
            ? .list(many(depth) { $0.junk(depth: depth + 1) })
            : .record(many(depth) { ($0.random.pick(Self.strings), $0.junk(depth: depth + 1)) })
    }

    mutating func junk(depth: Int) -> LuaValue {
        switch random.below(11) {
        case 0: return .nil
        case 1: return .boolean(random.chance(2))
        case 2: return .integer(random.pick(Self.integers))
        case 3: return .number(random.pick(Self.numbers))
        case 4: return .string(random.pick(Self.strings))
        case 5: return .bytes([0xFF, 0, 0xC3, 0x28])
        case 6, 7: return table(depth: depth)
        case 8: return functions.isEmpty ? .nil : random.pick(functions)
        default:
            let names = pool.keys.sorted()
            guard !names.isEmpty, let known = pool[random.pick(names)], !known.isEmpty else { return .nil }
            return random.pick(known)
        }
    }
}
