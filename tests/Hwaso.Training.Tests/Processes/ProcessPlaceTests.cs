using Hwaso.Training.Processes;

namespace Hwaso.Training.Tests.Processes;

public sealed class ProcessPlaceTests
{
    [Fact]
    public void A_process_by_itself_has_no_place()
    {
        Assert.Null(Of());
        Assert.Null(Of("RANK=0", "WORLD_SIZE=1", "MASTER_ADDR=a"));
        Assert.Null(Of("OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=1"));
        // A shell within Slurm's allocation, and a step of one task.
        Assert.Null(Of("SLURM_JOB_ID=5", "SLURM_PROCID=0", "SLURM_NTASKS=4"));
        Assert.Null(Of("SLURM_JOB_ID=5", "SLURM_STEP_ID=0", "SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=1"));
    }

    [Fact]
    public void Torchruns_and_PyTorchJobs_variables_are_read()
    {
        Assert.Equal(new ProcessPlace(5, 8, 1, 4, "node0", 1234, "torchrun's variables"),
            Of("RANK=5", "WORLD_SIZE=8", "LOCAL_RANK=1", "LOCAL_WORLD_SIZE=4", "MASTER_ADDR=node0", "MASTER_PORT=1234"));
        // PyTorchJob says nothing of local ranks: one process a pod.
        Assert.Equal((1, 2, "job-master-0", 23456), MainOf(Of("RANK=1", "WORLD_SIZE=2", "MASTER_ADDR=job-master-0", "MASTER_PORT=23456")));
    }

    [Fact]
    public void Open_MPIs_variables_are_read_and_processes_of_one_machine_need_no_address()
    {
        var alone = Of("OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_LOCAL_RANK=1", "OMPI_COMM_WORLD_LOCAL_SIZE=2",
            "PMIX_NAMESPACE=4711");
        var other = Of("OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_LOCAL_RANK=0", "OMPI_COMM_WORLD_LOCAL_SIZE=2",
            "PMIX_NAMESPACE=4711");

        Assert.Equal((1, 2, 1, 2, "127.0.0.1"), (alone!.Rank, alone.Size, alone.LocalRank, alone.LocalSize, alone.Host));
        Assert.Equal(alone.Port, other!.Port);
        var error = Assert.Throws<ProcessException>(() => Of(
            "OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=4", "OMPI_COMM_WORLD_LOCAL_RANK=0", "OMPI_COMM_WORLD_LOCAL_SIZE=2"));
        Assert.Contains("set MASTER_ADDR", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpu[03-05,9],login", "2(x3),1", "0", "gpu03", 2)]
    [InlineData("node7", "4", "0", "node7", 4)]
    [InlineData("a1,a2", "1(x2)", "1", "a1", 1)]
    [InlineData("r[1-2]-n,x", "3,2", "1", "r1-n", 2)]
    public void Slurms_variables_are_read(string nodes, string tasks, string node, string host, int here)
    {
        var place = Of("SLURM_JOB_ID=5", "SLURM_STEP_ID=0", "SLURM_PROCID=3", "SLURM_STEP_NUM_TASKS=7", "SLURM_LOCALID=1",
            $"SLURM_STEP_NODELIST={nodes}", $"SLURM_STEP_TASKS_PER_NODE={tasks}", $"SLURM_NODEID={node}");

        Assert.Equal((3, 7, 1, here, host, "Slurm"),
            (place!.Rank, place.Size, place.LocalRank, place.LocalSize, place.Host, place.Starter));
        Assert.InRange(place.Port, 20_000, 29_999);
    }

    [Theory]
    [InlineData("RANK=2;WORLD_SIZE=2;MASTER_ADDR=a", "RANK=2 and WORLD_SIZE=2")]
    [InlineData("RANK=x;WORLD_SIZE=2;MASTER_ADDR=a", "RANK=x in the environment is no whole number")]
    [InlineData("RANK=0;WORLD_SIZE=2", "set MASTER_ADDR")]
    [InlineData("RANK=0;WORLD_SIZE=2;MASTER_ADDR=a;MASTER_PORT=http", "MASTER_PORT=http")]
    public void Variables_that_cannot_be_right_are_refused_by_name(string variables, string wanted)
    {
        var error = Assert.Throws<ProcessException>(() => Of(variables.Split(';')));

        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    static (int, int, string, int) MainOf(ProcessPlace? place) => (place!.Rank, place.Size, place.Host, place.Port);

    static ProcessPlace? Of(params string[] variables)
    {
        var all = variables.Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);
        return ProcessPlace.Of(name => all.GetValueOrDefault(name));
    }
}
