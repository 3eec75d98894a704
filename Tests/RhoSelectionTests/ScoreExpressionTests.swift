import RhoCore
import RhoSelection
import Testing

@Suite struct ScoreExpressionTests {
    private func evaluate(
        _ score: ScoreExpression, _ columns: [TokenColumn: [Float]], rows: Int = 1, scope: SelectionScope = .batch,
        valid: [Bool]? = nil
    ) throws -> [Float] {
        try score.evaluate(grid(rows, columns, valid: valid), scope: scope)
    }

    @Test func excessIsSignedCurrentMinusReference() throws {
        let columns: [TokenColumn: [Float]] = [.loss: [3, 1, 2], .referenceLoss: [1, 3, 2]]
        #expect(try evaluate(.excess, columns) == [2, -2, 0])
        #expect(try evaluate(.loss - .referenceLoss, columns) == [2, -2, 0])
        #expect(ScoreExpression.excess.requiredColumns == [.loss, .referenceLoss])
        #expect(ScoreExpression.excess.columns == [.excess])
    }

    @Test func arithmeticAndFunctions() throws {
        let x: [TokenColumn: [Float]] = [.loss: [-1, 0, 4]]
        #expect(try evaluate(.loss * 2 + 1, x) == [-1, 1, 9])
        #expect(try evaluate(-(.loss / 2), x) == [0.5, 0, -2])
        #expect(try evaluate(.unary(.relu, .loss), x) == [0, 0, 4])
        #expect(try evaluate(.unary(.abs, .loss), x) == [1, 0, 4])
        #expect(try evaluate(.unary(.square, .loss), x) == [1, 0, 16])
        #expect(try evaluate(.unary(.sigmoid, .loss), x)[1] == 0.5)
        #expect(try evaluate(.clamp(.loss, low: 0, high: 3), x) == [0, 0, 3])
        #expect(try evaluate(.binary(.max, .loss, 1), x) == [1, 1, 4])
        #expect(try evaluate(.binary(.min, .loss, 1), x) == [-1, 0, 1])
        #expect(try evaluate(.binary(.greater, .loss, 0), x) == [0, 0, 1])
        #expect(try evaluate(.binary(.pow, .loss, 2), x) == [1, 0, 16])
        #expect(try evaluate(.unary(.sqrt, .loss), [.loss: [4, 9]]) == [2, 3])
        #expect(try evaluate(.unary(.log, .unary(.exp, .loss)), [.loss: [0]]) == [0])
        #expect(try evaluate(.unary(.tanh, .loss), x)[1] == 0)
    }

    @Test func notANumberStaysVisible() throws {
        let x: [TokenColumn: [Float]] = [.loss: [.nan]]
        for score: ScoreExpression in [
            .unary(.relu, .loss), .clamp(.loss, low: 0, high: 1), .binary(.max, .loss, 0), .binary(.max, 0, .loss),
            .binary(.min, .loss, 0), .binary(.less, .loss, 0), .group(.rank, .loss), .loss - .loss,
        ] {
            #expect(try evaluate(score, x)[0].isNaN, "\(score)")
        }
    }

    @Test func derivedColumns() throws {
        #expect(try evaluate(.probability, [.loss: [0]]) == [1])
        #expect(try evaluate(.column(.position), [.loss: [5, 5, 5, 5]], rows: 2) == [0, 1, 0, 1])
        let draws = try evaluate(.random, [.loss: [Float](repeating: 0, count: 1000)])
        #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(draws.reduce(0, +) / 1000 - 0.5) < 0.05)
    }

    @Test func groupFunctionsSeeTheirScopeOnly() throws {
        let x: [TokenColumn: [Float]] = [.loss: [3, 1, 2, 10, 30, 20]]
        #expect(try evaluate(.group(.rank, .loss), x) == [0.4, 0, 0.2, 0.6, 1, 0.8])
        #expect(try evaluate(.group(.rank, .loss), x, rows: 2, scope: .sequence) == [1, 0, 0.5, 0, 1, 0.5])
        #expect(try evaluate(.group(.minmax, .loss), x, rows: 2, scope: .sequence) == [1, 0, 0.5, 0, 1, 0.5])
        #expect(try evaluate(.group(.rowMean, .loss), x, rows: 2) == [2, 2, 2, 20, 20, 20])
        #expect(try evaluate(.group(.zscore, .loss), [.loss: [1, 3]]) == [-1, 1])
        #expect(try evaluate(.group(.zscore, .loss), [.loss: [2, 2]]) == [0, 0])
        // Padding takes no part.
        #expect(try evaluate(.group(.minmax, .loss), [.loss: [1, 2, 99]], valid: [true, true, false])[1] == 1)
    }

    @Test func aMissingColumnIsNamed() throws {
        let table = try row([.loss: [1]])
        #expect(
            throws: RhoError(
                .value, "the policy needs the column reference_loss, which this run does not supply")
        ) { try ScoreExpression.excess.evaluate(table) }
        #expect(throws: RhoError(.value, "no token column is called 'entropi' (did you mean 'entropy'?)")) {
            try ScoreExpression.column(TokenColumn("entropi")).evaluate(table)
        }
    }

    @Test func printsAsArithmetic() {
        #expect((ScoreExpression.loss - .referenceLoss).description == "loss - reference_loss")
        #expect((ScoreExpression.loss - (.entropy - 1)).description == "loss - (entropy - 1)")
        #expect(((ScoreExpression.loss + 1) * .entropy).description == "(loss + 1) * entropy")
        #expect((-(ScoreExpression.loss + 1)).description == "-(loss + 1)")
        #expect((ScoreExpression.loss * -2).description == "loss * (-2)")
        #expect(
            ScoreExpression.clamp(.unary(.exp, .excess), low: 0, high: 5).description == "clamp(exp(excess), 0, 5)")
    }

    @Test func readsBackFromJSON() throws {
        let score: ScoreExpression = .clamp(
            .unary(.exp, .loss - .referenceLoss) * 0.5 + .group(.rank, .entropy), low: -1, high: 5)
        let text = score.json.serialized()
        #expect(
            text
                == #"["clamp",["add",["mul",["exp",["sub","loss","reference_loss"]],0.5],["rank","entropy"]],-1.0,5.0]"#
        )
        #expect(try ScoreExpression(json: JSON.parse(text)) == score)
        #expect(throws: RhoError.self) { try ScoreExpression(json: ["exxp", "loss"]) }
        #expect(throws: RhoError(.value, "score function sub takes 2 operands, got 1")) {
            try ScoreExpression(json: ["sub", "loss"])
        }
    }
}
