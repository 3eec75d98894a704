import LuaRuntime
import RhoCore
import RhoTensor

/// Methods that arrange the same numbers otherwise.
enum TensorArrangement {
    static var methods: [LuaMethod<Tensor>] { [reshape, transpose, slice, gather, rows] }

    private static var reshape: LuaMethod<Tensor> {
        LuaMethod(
            "reshape", doc: "The same numbers under another shape; one size may be -1.",
            parameters: [LuaField("shape", .list(.integer(min: -1)), required: true, doc: "sizes, outermost first")],
            returns: TensorClass.result, example: "return rho.tensor.arange(6):reshape { 2, -1 }"
        ) { tensor, call in [TensorValues.value(try tensor.reshape(call.ints("shape")))] }
    }

    private static var transpose: LuaMethod<Tensor> {
        LuaMethod("transpose", doc: "The two innermost dimensions exchanged.", returns: TensorClass.result) {
            tensor, _ in
            [TensorValues.value(try tensor.transpose())]
        }
    }

    private static var slice: LuaMethod<Tensor> {
        LuaMethod(
            "slice", doc: "Entries from ... to of a dimension, both included.",
            parameters: [
                LuaField("from", .integer(min: 1), required: true, doc: "first entry"),
                LuaField("to", .integer(min: 0), required: true, doc: "last entry"),
                LuaField("dim", .integer(), default: 1, doc: "dimension, from 1; negative from the innermost"),
            ], returns: TensorClass.result, example: "return rho.tensor.arange(5):slice(2, 4)"
        ) { tensor, call in
            let (from, to) = (try call.int("from"), try call.int("to"))
            let axis = try TensorValues.axis(call.int("dim"), tensor.shape, "slice") ?? 0
            guard from <= to + 1, to <= tensor.shape[axis] else {
                throw RhoError(
                    .shape, "slice: \(from) ... \(to) is outside 1 ... \(tensor.shape[axis]) of shape \(tensor.shape)")
            }
            return [TensorValues.value(try tensor.slice(axis, start: from - 1, count: to - from + 1))]
        }
    }

    private static let idsField = LuaField(
        "ids", .anyOf([.list(.integer(min: 1)), .object("Tensor")]), required: true, doc: "indices, from 1")

    private static var gather: LuaMethod<Tensor> {
        LuaMethod(
            "gather", doc: "One entry of the innermost dimension of each row: y[i] = x[i][ids[i]].",
            parameters: [idsField], returns: TensorClass.result,
            example: "return rho.tensor.from({ {1, 2}, {3, 4} }):gather { 2, 1 }"
        ) { tensor, call in
            let ids = try TensorValues.indices(call.value("ids"), below: tensor.shape.width, "gather")
            return [TensorValues.value(try tensor.gather(ids))]
        }
    }

    private static var rows: LuaMethod<Tensor> {
        LuaMethod(
            "rows", doc: "Entries of the first dimension by index, in the given order.",
            parameters: [idsField], returns: TensorClass.result
        ) { tensor, call in
            let limit = tensor.shape.rank == 0 ? 0 : tensor.shape[0]
            return [TensorValues.value(try tensor.rows(TensorValues.indices(call.value("ids"), below: limit, "rows")))]
        }
    }
}
