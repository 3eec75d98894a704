import LuaRuntime
import RhoCore
import RhoTensor

/// Readings of script values as tensors, and the 1-based indices of the surface as the engine's 0-based ones.
enum TensorValues {
    static let operand = LuaType.anyOf([.object("Tensor"), .number()])

    static func value(_ tensor: Tensor) -> LuaValue { .object(tensor, class: "Tensor") }

    /// A tensor, or a number as a tensor of rank 0.
    static func tensor(_ value: LuaValue, _ name: String) throws(RhoError) -> Tensor {
        if let tensor = value.object(as: Tensor.self) { return tensor }
        if let number = value.doubleValue { return try Tensor.scalar(Float(number)) }
        throw RhoError(.value, "\(name) must be a tensor or a number, got \(value.typeName)")
    }

    /// A dimension counted from 1, or from -1 at the innermost end, as the engine counts it.
    static func axis(_ dim: Int?, _ shape: Shape, _ name: String) throws(RhoError) -> Int? {
        guard let dim else { return nil }
        guard dim != 0, dim.magnitude <= UInt(shape.rank) else {
            throw RhoError(
                .shape, "\(name): dim must be in 1 ... \(shape.rank) or negative, got \(dim) for shape \(shape)")
        }
        return dim > 0 ? dim - 1 : shape.rank + dim
    }

    /// Indices counted from 1 as the engine's.
    static func indices(_ value: LuaValue, below limit: Int, _ name: String) throws(RhoError) -> [Int32] {
        var result: [Int32] = []
        let numbers: [Double]
        if let tensor = value.object(as: Tensor.self) {
            numbers = tensor.toArray().map(Double.init)
        } else if let list = value.listValue {
            numbers = list.map { $0.doubleValue ?? .nan }
        } else {
            throw RhoError(.value, "\(name): ids must be a list or a tensor, got \(value.typeName)")
        }
        result.reserveCapacity(numbers.count)
        for (place, number) in numbers.enumerated() {
            guard let index = Int(exactly: number), index >= 1, index <= limit else {
                throw RhoError(
                    .value, "\(name): index \(place + 1) must be a whole number in 1 ... \(limit), got \(number)")
            }
            result.append(Int32(index - 1))
        }
        return result
    }

    /// Numbers of a list nested up to four deep, and the shape that the nesting gives.
    static func nested(_ value: LuaValue) throws(RhoError) -> (values: [Float], dims: [Int]) {
        var values: [Float] = []
        var dims: [Int] = []
        try collect(value, depth: 0, &values, &dims)
        return (values, dims)
    }

    private static func collect(
        _ value: LuaValue, depth: Int, _ values: inout [Float], _ dims: inout [Int]
    ) throws(RhoError) {
        if let number = value.doubleValue {
            guard depth == dims.count else {
                throw RhoError(.shape, "from: a number stands where a list of \(dims[depth]) is expected")
            }
            values.append(Float(number))
            return
        }
        let items: [LuaValue]
        if let list = value.listValue {
            items = list
        } else if let table = value.tableValue {
            items = try table.list()
        } else {
            throw RhoError(.value, "from: expected numbers or lists of them, got \(value.typeName)")
        }
        guard depth < Shape.maximumRank else {
            throw RhoError(.shape, "from: lists are nested more than \(Shape.maximumRank) deep")
        }
        if depth == dims.count {
            guard values.isEmpty else { throw RhoError(.shape, "from: a list stands where a number is expected") }
            dims.append(items.count)
        } else if dims[depth] != items.count {
            throw RhoError(.shape, "from: lists at depth \(depth + 1) have \(dims[depth]) and \(items.count) entries")
        }
        for item in items { try collect(item, depth: depth + 1, &values, &dims) }
    }

    /// All numbers as nested lists.
    static func lists(_ values: ArraySlice<Float>, _ dims: ArraySlice<Int>) -> LuaValue {
        guard let count = dims.first else { return .number(Double(values.first ?? .nan)) }
        if dims.count == 1 { return .list(values) }
        let step = values.count / max(count, 1)
        return .list(
            (0..<count).map { index in
                let start = values.startIndex + index * step
                return lists(values[start..<start + step], dims.dropFirst())
            })
    }
}
