import LuaRuntime
import RhoCore
import RhoSelection

/// Class `Column`: arithmetic over token columns, evaluated for whole batches at once.
enum ColumnClass {
    static var declaration: LuaClassDeclaration<ColumnBox> {
        LuaClassDeclaration(
            "Column",
            doc: """
                A score: an expression over token columns. Combine columns and numbers with + - * / ^ and unary minus; \
                higher values are better candidates. Nothing is computed until a policy runs.
                """,
            methods: unaries + binaries + groups + [clamp, describe, columns],
            operators: operators, describe: { "\($0.expression)" })
    }

    private static let scalarDocs: [(ScoreExpression.UnaryFunction, String)] = [
        (.abs, "|x|"), (.exp, "e^x"), (.log, "natural logarithm"), (.sqrt, "square root"), (.square, "x * x"),
        (.relu, "x where x > 0, else 0"), (.sigmoid, "1 / (1 + e^-x)"), (.tanh, "hyperbolic tangent"),
    ]

    private static var unaries: [LuaMethod<ColumnBox>] {
        scalarDocs.map { function, doc in
            LuaMethod(function.rawValue, doc: "Each value mapped: \(doc).", returns: [LuaResult(.object("Column"))]) {
                box, _ in
                [ColumnBox(.unary(function, box.expression)).value]
            }
        }
    }

    private static let pairDocs: [(ScoreExpression.BinaryFunction, String)] = [
        (.min, "The smaller of two values."), (.max, "The larger of two values."),
        (.greater, "1 where this is greater than x, else 0."), (.less, "1 where this is less than x, else 0."),
    ]

    private static var binaries: [LuaMethod<ColumnBox>] {
        pairDocs.map { function, doc in
            LuaMethod(
                function.rawValue, doc: doc,
                parameters: [LuaField("x", SelectionValues.scoreType, required: true, doc: "column or number")],
                returns: [LuaResult(.object("Column"))]
            ) { box, call in
                let x = try SelectionValues.expression(call.value("x"), "x")
                return [ColumnBox(.binary(function, box.expression, x)).value]
            }
        }
    }

    private static let groupDocs: [(ScoreExpression.GroupFunction, String)] = [
        (.rank, "Rank among competing tokens, 0 for the lowest to 1 for the highest."),
        (.zscore, "(x - mean) / standard deviation among competing tokens."),
        (.minmax, "(x - min) / (max - min) among competing tokens."),
        (.rowMean, "Mean over the token's row: scores whole rows."),
    ]

    private static var groups: [LuaMethod<ColumnBox>] {
        groupDocs.map { function, doc in
            LuaMethod(function.rawValue, doc: doc, returns: [LuaResult(.object("Column"))]) { box, _ in
                [ColumnBox(.group(function, box.expression)).value]
            }
        }
    }

    private static var clamp: LuaMethod<ColumnBox> {
        LuaMethod(
            "clamp", doc: "Values limited to [low, high].",
            parameters: [
                LuaField("low", .number(), required: true, doc: "smallest value"),
                LuaField("high", .number(), required: true, doc: "largest value"),
            ], returns: [LuaResult(.object("Column"))]
        ) { box, call in
            let (low, high) = (try call.double("low"), try call.double("high"))
            guard low <= high else { throw RhoError(.value, "low must be <= high, got \(low) and \(high)") }
            return [ColumnBox(.clamp(box.expression, low: low, high: high)).value]
        }
    }

    private static var describe: LuaMethod<ColumnBox> {
        LuaMethod("describe", doc: "The expression as plain tables.", returns: [LuaResult(.any)]) { box, _ in
            [LuaValue(json: box.expression.json)]
        }
    }

    private static var columns: LuaMethod<ColumnBox> {
        LuaMethod("columns", doc: "Names of the columns it reads.", returns: [LuaResult(.list(.string))]) { box, _ in
            [.list(box.expression.columns.map(\.name))]
        }
    }

    private static var operators: [LuaOperatorDeclaration] {
        let pairs: [(LuaOperator, ScoreExpression.BinaryFunction)] = [
            (.add, .add), (.sub, .sub), (.mul, .mul), (.div, .div), (.pow, .pow),
        ]
        return pairs.map { op, function in
            LuaOperatorDeclaration(op, operand: .number(), doc: "Values combined token by token.") { call in
                let a = try SelectionValues.expression(call.value("a"), "left operand")
                let b = try SelectionValues.expression(call.value("b"), "right operand")
                return [ColumnBox(.binary(function, a, b)).value]
            }
        } + [
            LuaOperatorDeclaration(.unm, doc: "The sign turned: lowest first.") { call in
                [ColumnBox(.unary(.negate, try SelectionValues.expression(call.value("a"), "operand"))).value]
            },
            LuaOperatorDeclaration(
                .call, operand: .any, doc: "rho.select.random { keep = 0.6 } and its like: the policy of that name."
            ) { call in
                let box = try call.object("a", as: ColumnBox.self)
                guard case .column(let column) = box.expression,
                    let policy = SelectionCatalog.all.first(where: { $0.name == column.name })
                else { throw RhoError(.value, "the column '\(box.expression)' is a value, not a function") }
                do {
                    return [try NamedPolicies.make(policy, from: call.rest.first ?? .nil, state: call.state)]
                } catch let error as RhoError {
                    // The message names the policy; that the call went through a column is nobody's concern.
                    throw LuaError(code: error.code, message: error.message, hint: error.hint)
                }
            },
        ]
    }
}
