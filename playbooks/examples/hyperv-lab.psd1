@{
    Name        = 'hyperv-lab'
    Description = 'A machine for virtual machines'
    Version     = '1.0.0'
    Tags        = 'infrastructure', 'lab'

    Stages      = @(
        @{ Name = 'Prepare'; Sequence = @('0000-0099') }
        @{ Name = 'Hypervisor'; Description = 'Can it run them?'; Sequence = @('0105') }
        @{ Name = 'Tools'; Sequence = @('0207'); ContinueOnError = $false }
    )
}
