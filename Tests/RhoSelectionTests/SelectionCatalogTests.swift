import RhoCore
import RhoSelection
import Testing

@Suite struct SelectionCatalogTests {
    /// Ten tokens whose columns rank differently, so that no two policies agree by accident.
    private let columns: [TokenColumn: [Float]] = [
        .loss: [1.0, 2.0, 3.0, 4.0, 5.0, 0.5, 6.0, 7.0, 0.1, 8.0],
        .referenceLoss: [0.2, 2.5, 0.5, 3.9, 1.0, 0.4, 6.5, 1.5, 0.3, 8.2],
        .entropy: [5, 1, 4, 2, 3, 9, 8, 7, 6, 0],
        .referenceEntropy: [0, 9, 1, 8, 2, 7, 3, 6, 4, 5],
    ]

    // Excess: 0.8, -0.5, 2.5, 0.1, 4.0, 0.1, -0.5, 5.5, -0.2, -0.2.
    private let expected: [(name: String, kept: [Int])] = [
        ("all", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("excess_loss", [0, 2, 4, 7]),
        ("high_loss", [4, 6, 7, 9]),
        ("low_loss", [0, 1, 5, 8]),
        ("reference_loss", [0, 2, 5, 8]),
        ("reference_entropy", [0, 2, 4, 6]),
        ("self_reference_intersection", [0, 2]),
        ("self_reference_union", [0, 2, 4, 5, 6, 8]),
        ("high_entropy", [5, 6, 7, 8]),
        ("low_entropy", [1, 3, 4, 9]),
    ]

    @Test func everyPolicyKeepsTheHandComputedTokens() throws {
        for (name, tokens) in expected {
            let options = name == "all" ? PolicyOptions() : PolicyOptions(keep: try share(0.4))
            let policy = try SelectionCatalog.named(name).make(options)
            #expect(kept(try policy.select([row(columns)], at: SelectionMoment())) == tokens, "\(name)")
        }
        let random = Set(["random", "sampled_excess"])
        #expect(Set(expected.map(\.name)).union(random) == Set(SelectionCatalog.names))
    }

    @Test func thresholdsSelectByValue() throws {
        let excess = try SelectionCatalog.named("excess_loss").make(PolicyOptions(threshold: 0.8))
        #expect(kept(try excess.select([row(columns)], at: SelectionMoment())) == [0, 2, 4, 7])
        let loss = try SelectionCatalog.named("high_loss").make(PolicyOptions(threshold: 6))
        #expect(kept(try loss.select([row(columns)], at: SelectionMoment())) == [6, 7, 9])
        #expect(throws: RhoError(.value, "give keep or threshold, not both")) {
            try SelectionCatalog.named("excess_loss").make(PolicyOptions(keep: try share(0.5), threshold: 1))
        }
        #expect(throws: RhoError(.value, "the policy random takes no option 'threshold'")) {
            try SelectionCatalog.named("random").make(PolicyOptions(threshold: 1))
        }
    }

    @Test func raisingTheReferenceLossDropsAToken() throws {
        // The sign test: a token the reference finds hard must lose its place under excess loss.
        let policy = try SelectionCatalog.named("excess_loss").make(PolicyOptions(keep: try share(0.5)))
        let before = try policy.select([row([.loss: [4, 3], .referenceLoss: [1, 1]])], at: SelectionMoment())
        let after = try policy.select([row([.loss: [4, 3], .referenceLoss: [3, 1]])], at: SelectionMoment())
        #expect(kept(before) == [0] && kept(after) == [1])
        // A large negative excess is the worst score there is, not a good one.
        let negative = try policy.select([row([.loss: [1, 2], .referenceLoss: [9, 2]])], at: SelectionMoment())
        #expect(kept(negative) == [1])
    }

    @Test func randomKeepsTheExactCountAndDependsOnSeedAndStepOnly() throws {
        let policy = try SelectionCatalog.named("random").make(PolicyOptions(keep: try share(0.6)))
        let table = try row([.loss: [Float](repeating: 1, count: 1001)])
        func tokens(_ step: Int, _ seed: UInt64) throws -> [Int] {
            kept(try policy.select([table], at: SelectionMoment(step: step, seed: seed)))
        }
        #expect(try tokens(1, 1).count == 601)
        #expect(try tokens(1, 1) == tokens(1, 1))
        #expect(try tokens(1, 1) != tokens(2, 1))
        #expect(try tokens(1, 1) != tokens(1, 2))
    }

    @Test func sampledExcessDrawsOnlyPositiveExcess() throws {
        let policy = try SelectionCatalog.named("sampled_excess").make(PolicyOptions(keep: try share(1)))
        #expect(kept(try policy.select([row(columns)], at: SelectionMoment())) == [0, 2, 3, 4, 5, 7])
    }

    @Test func everyPolicyDescribesItselfAndReadsBack() throws {
        for named in SelectionCatalog.all {
            let policy = try named.make()
            #expect(policy.name == named.name && !named.summary.isEmpty && !named.formula.isEmpty)
            #expect(policy.description.hasPrefix("\(named.name): keep "))
            #expect(try SelectionPolicy(json: JSON.parse(policy.json.serialized())) == policy)
        }
        #expect(throws: RhoError.self) { try SelectionCatalog.named("exces_loss") }
    }
}
