import Glibc
import RhoCore
import RhoData
import RhoTraining
import Testing

/// The grader against the authors' own verdicts on their models' published outputs.
@Suite struct PublishedOutputsTests {
    static let path: String? = {
        let folder = getenv("RHO_DATA").map { String(cString: $0) } ?? "../shared/data"
        let path = "\(folder)/rho_outputs/outputs.jsonl.gz"
        return Files.exists(path) ? path : nil
    }()

    @Test(.enabled(if: path != nil, "needs rho_outputs/outputs.jsonl.gz below RHO_DATA or ../shared/data"))
    func agreesWithTheAuthors() throws {
        let path = try #require(Self.path)
        let source = try JSONLSource(
            [path], template: "{solution}", keeping: ["answer", "correct", "dataset", "solution"])
        var agreed: [String: (same: Int, all: Int)] = [:]
        try source.forEach { document in
            let row = try #require(document.fields)
            let answer = try #require(row["answer"]?.stringValue)
            let ours = GradedAnswers.grade(row["solution"]?.stringValue ?? "", reference: answer).correct
            let dataset = row["dataset"]?.stringValue ?? ""
            var count = agreed[dataset] ?? (0, 0)
            count.all += 1
            if ours == row["correct"]?.boolValue { count.same += 1 }
            agreed[dataset] = count
            return true
        }
        for dataset in agreed.keys.sorted() {
            let count = try #require(agreed[dataset])
            print("grading \(dataset): \(count.same) of \(count.all) verdicts agree")
        }
        let same = agreed.values.reduce(0) { $0 + $1.same }
        let all = agreed.values.reduce(0) { $0 + $1.all }
        #expect(all > 6000 && Double(same) >= 0.99 * Double(all), "\(same) of \(all)")
    }
}
