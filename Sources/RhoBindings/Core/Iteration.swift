import LuaRuntime
import RhoCore

/// What a generic `for` calls: hands out one value a call until there are no more.
final class IteratorBox {
    private var next: Int
    private let last: Int
    private let make: (Int) throws -> LuaValue

    init(from first: Int, to last: Int, _ make: @escaping (Int) throws -> LuaValue) {
        next = first
        self.last = last
        self.make = make
    }

    func advance() throws -> LuaValue {
        guard next <= last else { return .nil }
        defer { next += 1 }
        return try make(next)
    }

    var value: LuaValue { .object(self, class: "Iterator") }

    static var declaration: LuaClassDeclaration<IteratorBox> {
        LuaClassDeclaration(
            "Iterator", doc: "For the generic for: hands out the next value each time it is called, then nil.",
            operators: [
                LuaOperatorDeclaration(.call, operand: .any, doc: "The next value, or nil.") { call in
                    [try call.object("a", as: IteratorBox.self).advance()]
                }
            ], describe: { _ in "iterator" })
    }
}
