import RhoCore
import RhoTraining
import Testing

@Suite struct ComputeTests {
    @Test func purposesStayApartAndEvaluationIsNoCost() throws {
        var compute = Compute()
        compute.add(.referenceTraining, flops: 1e9, tokens: 10)
        compute.add(.scoring, flops: 2e9, tokens: 20)
        compute.add(.training, flops: 3e9, tokens: 30)
        compute.add(.evaluation, flops: 4e9, tokens: 40)
        #expect(compute.total == 6e9)
        var twice = compute
        twice += compute
        #expect(twice[.scoring].flops == 4e9 && twice[.training].tokens == 60)
        #expect(Compute(json: try JSON.parse(compute.json.serialized())) == compute)
        #expect(compute.json["total_flops"]?.doubleValue == 6e9)
    }
}
